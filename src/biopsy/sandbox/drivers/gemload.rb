# Require every file of a gem: those of its own name in this process, the others each in a fork of it.

module LoadAll
  class << self
    def work
      (plan[:mains] - plan[:skip]).each do |feature|
        one(feature)
        tell_reached
      end
      (plan[:rest] - plan[:skip]).each do |feature|
        told = apart(feature) do |said|
          one(feature)
          tell_reached
          said.syswrite("x")
        end
        tell(step: feature, status: "failed", reason: "exited", feature: feature) unless told == "x"
      end
    end

    def one(feature)
      tell(at: feature)
      fresh = require feature
      tell(step: feature, status: "completed", reason: fresh ? "" : "loaded-with: another", feature: feature)
    rescue Exception => e # rubocop:disable Lint/RescueException - whatever it raises is its own
      tell(step: feature, status: "failed", reason: raised(e), feature: feature)
    end
  end
end
