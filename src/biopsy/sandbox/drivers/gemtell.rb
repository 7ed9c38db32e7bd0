# What both workers share: telling the driver, and which lines were reached. Read by gem.rb, run from standard input.
#
# Everything hangs on one constant: what else stood on Object would get in the way of the gem's own words.

module LoadAll
  class << self
    attr_reader :plan

    # JSON without its library: what is loaded here the gem would find loaded.
    def text(value)
      case value
      when Hash then "{#{value.map { |k, v| "#{text(k.to_s)}:#{text(v)}" }.join(',')}}"
      when Array then "[#{value.map { |v| text(v) }.join(',')}]"
      when Integer, true, false then value.to_s
      when nil then "null"
      else
        plain = value.to_s.dup.force_encoding("UTF-8").scrub[0, 300]
        "\"#{plain.gsub(/["\\\u0000-\u001f]/) { |char| format('\\u%04x', char.ord) }}\""
      end
    end

    def tell(**message)
      @pipe.syswrite("#{text(message)}\n")
    rescue SystemCallError, IOError
      nil # nobody listens
    end

    # Tell which lines of the gem were reached since the last time, in messages that a pipe takes whole.
    def tell_reached
      return unless @counting && Coverage.running?

      Coverage.peek_result.each do |path, found|
        next unless path.start_with?("#{plan[:folder]}/")

        lines = found.is_a?(Hash) ? found[:lines] : found
        seen = lines.each_index.select { |at| lines[at].to_i.positive? }.map { |at| at + 1 }
        fresh = seen - (@reached[path] || [])
        next if fresh.empty?

        @reached[path] = seen
        short = path.delete_prefix("#{plan[:folder]}/")
        fresh.each_slice(400) { |some| tell(lines: { short => [lines.count { |one| one }, some] }) }
      end
    rescue StandardError
      nil
    end

    def raised(err)
      first = err.message.to_s.dup.force_encoding("UTF-8").scrub.lines.first.to_s.strip
      return "missing-module: #{first}" if err.is_a?(LoadError)
      return "exited: #{err.status}" if err.is_a?(SystemExit)

      "raised: #{err.class}: #{first}"
    end

    def run(plan)
      @plan, @reached = plan, {}
      @pipe = IO.for_fd(3, "w", autoclose: false)
      @counting = begin
        require "coverage"
        Coverage.start(lines: true)
        true
      rescue LoadError, RuntimeError
        false
      end
      begin
        gem plan[:name], plan[:version]
      rescue LoadError => e
        tell(warning: raised(e))
        $LOAD_PATH.unshift(File.join(plan[:folder], "lib"))
      end
      work
      tell(done: true)
      settle
    end

    # Do something in a fork that has its own time (a session), told to the driver, which ends it should it not end.
    #
    # Nothing here waits with an end: this process's clock jumps as soon as nobody has anything to do.
    def apart(shown)
      heard, said = IO.pipe
      pid = fork do
        Process.setsid
        heard.close
        yield said
        said.close
        settle
      end
      said.close
      tell(at: shown, pid: pid)
      all = heard.read
      Process.wait(pid)
      tell(pid: 0)
      all
    ensure
      heard&.close
    end

    # A program that uses the gem goes on for days: threads that wait are waited for, by a clock that jumps.
    def settle
      sleep(File.exist?("/usr/lib/ld.so.use") ? 263_017 : 2) if Thread.list.size > 1
    end
  end
end
