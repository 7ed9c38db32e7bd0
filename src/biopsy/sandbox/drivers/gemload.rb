# Require every file of a gem: those of its own name in this process, the others each in a fork of it.

module LoadAll
  class << self
    def work
      (plan[:mains] - plan[:skip]).each do |feature|
        one(feature)
        tell_reached
      end
      (plan[:rest] - plan[:skip]).each do |feature|
        over? ? tell(step: feature, status: "skipped", reason: "budget", feature: feature) : apart(feature)
      end
    end

    def one(feature)
      tell(at: feature)
      fresh = require feature
      tell(step: feature, status: "completed", reason: fresh ? "" : "loaded-with: another", feature: feature)
    rescue Exception => e # rubocop:disable Lint/RescueException - whatever it raises is its own
      tell(step: feature, status: "failed", reason: raised(e), feature: feature)
    end

    def apart(feature)
      heard, said = IO.pipe
      pid = fork do
        heard.close
        one(feature)
        tell_reached
        said.syswrite("x")
        sleep 0.2 if Thread.list.size > 1
      end
      said.close
      ended = wait_for(pid, [plan[:each], @until - seconds + 0.5].min)
      return if heard.read_nonblock(1, exception: false) == "x"

      tell(step: feature, status: ended ? "failed" : "timeout", reason: ended ? "exited" : "no end", feature: feature)
    ensure
      heard&.close
    end
  end
end
