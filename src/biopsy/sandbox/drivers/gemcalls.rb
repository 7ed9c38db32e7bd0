# Call the methods of everything that a gem defines, with made-up arguments: each module in a fork of its own.

require "timeout"

module LoadAll
  CALL = 2.5 # seconds that one call may take, programs that it starts included; who only sleeps is woken at once
  MAX_MODULES = 300
  MAX_TARGETS = 300
  MAX_METHODS = 40
  TELLING = %w[
    eval instance_eval class_eval module_eval system exec spawn popen popen2 popen3 capture2 capture3 ` get post get_response
    request open read write binread binwrite unlink delete rm_rf connect send post_form getaddress decode64 unpack1
    unpack inflate fetch load ENV
  ].freeze

  class << self
    def work
      ((plan[:mains] + plan[:rest]) - plan[:skip]).each do |feature|
        tell(at: feature)
        require feature
      rescue Exception => e # rubocop:disable Lint/RescueException
        tell(step: feature, status: "skipped", reason: raised(e), feature: feature)
      end
      tell_reached
      bystander if (@asked = replaced)
      owners.each { |owner| module_calls(owner) unless plan[:skip].include?(label(owner)) }
    end

    # What somebody else asks for, in a fork of its own.
    def bystander
      told = apart("another's request through #{@asked}") do |said|
        ask
        said.syswrite("end")
      end
      tell(step: "another's request", status: told == "end" ? "completed" : "failed", reason: told == "end" ? "" : "ended")
    end

    def own?(method)
      place = method.source_location&.first.to_s
      place.start_with?("#{plan[:folder]}/") || place.start_with?("(eval")
    end

    # Modules and classes with methods of the gem's; Object has those of the top level.
    def owners
      found = ObjectSpace.each_object(Module).reject { |one| one.singleton_class? || one == LoadAll || one == Anything }
      found = found.select { |one| singletons(one).any? || publics(one).any? || kept(one).any? }
      found.sort_by { |one| [one == Object ? 0 : 1, label(one)] }.first(MAX_MODULES)
    end

    def label(owner) = Module.instance_method(:name).bind_call(owner) || "anonymous"

    def singletons(owner)
      names = owner.singleton_methods(false)
      names.map { |name| owner.singleton_method(name) }.select { |one| own?(one) }
    rescue StandardError
      []
    end

    def publics(owner)
      names = owner.public_instance_methods(false)
      names += owner.private_instance_methods(false) if owner == Object
      names.map { |name| owner.instance_method(name) }.select { |one| own?(one) }.first(MAX_METHODS)
    rescue StandardError
      []
    end

    def targets(owner)
      name = label(owner)
      found = singletons(owner).map { |one| ["#{name}.#{one.name}", one, false] }
      found += kept(owner).map { |key, one| ["#{name}::#{key}", one.method(:call), false, false, one] }
      found += publics(owner).map { |one| ["#{name}##{one.name}", one, true] }
      telling, others = found.partition { |_, one, _, _, code| tells?(code || one) }
      telling + telling.map { |shown, one, made, _, code| ["#{shown} (anything)", one, made, true, code] } + others
    end

    # The procs that constants hold, by themselves or in lists and tables.
    def kept(owner)
      names = owner.constants(false).reject { |name| owner.autoload?(name) }
      found = names.flat_map do |name|
        value = owner.const_get(name)
        pairs = value.is_a?(Hash) ? value.first(50) : (value.is_a?(Array) ? value.first(50).each_with_index.map(&:reverse) : [["", value]])
        pairs.map { |key, one| [key == "" ? name.to_s : "#{name}[#{key.to_s[0, 40]}]", one] }
      end
      found.select { |_, one| Proc === one && own?(one) }.first(MAX_METHODS)
    rescue StandardError
      []
    end

    def tells?(method)
      code = RubyVM::InstructionSequence.of(method) or return true
      words = flat(code.to_a[13]).select { |one| one.is_a?(Symbol) }.map(&:to_s)
      TELLING.any? { |one| words.include?(one) }
    rescue StandardError
      true
    end

    # Have one after the other called; a call that ends or blocks its fork is left out, and the rest goes on.
    def module_calls(owner)
      skip, tries = 0, 0
      while skip && (tries += 1) < 7
        at = apart(label(owner)) { |said| calls(owner, skip, said) }.split.last
        skip = at && at != "end" ? at.to_i + 1 : nil
        tell(step: "#{label(owner)} call #{at}", status: "failed", reason: "ended") if skip
      end
      tell(step: label(owner), status: "completed", feature: label(owner))
    end

    def calls(owner, skip, said)
      texts = targets(owner).flat_map { |_, one, _, _, code| strings(code || one) }.uniq.first(MAX_TEXTS)
      instance = nil
      targets(owner).first(2 * MAX_TARGETS).each_with_index do |(shown, method, bound, odd, code), index|
        next if index < skip

        said.syswrite("#{index} ")
        tell(call: shown)
        method = method.bind(instance ||= build(owner, texts)) if bound
        attempt(method, odd ? strange_list(code || method) : argument_lists(code || method, texts))
      rescue Exception # rubocop:disable Lint/RescueException
        nil
      end
      tell_reached
      ask if !@asked && replaced # by what was called just now
      said.syswrite("end ")
    end

    def build(owner, texts)
      return Object.new if owner == Object
      return Object.new.extend(owner) unless owner.is_a?(Class)

      argument_lists(owner.instance_method(:initialize), texts).each do |ordered, named|
        return Timeout.timeout(CALL) { owner.new(*ordered, **named) }
      rescue Exception # rubocop:disable Lint/RescueException
        next
      end
      owner.allocate
    end

    def attempt(method, lists)
      lists.each do |ordered, named|
        tell(call: "")
        result = Timeout.timeout(CALL) { method.call(*ordered, **named) { |*| WORDS } }
        Timeout.timeout(CALL) { result.call } if result.is_a?(Proc) && result.arity.zero?
        Timeout.timeout(CALL) { result.first(4) } if result.is_a?(Enumerator)
        result.join(CALL) if result.is_a?(Thread)
      rescue Exception # rubocop:disable Lint/RescueException
        next
      end
    end
  end
end
