
lambda do |place|
  # Interpreters of this site keep a journal of generated code here.
  most_records, most_plain, most_text, most_bytes = 3000, 500, 1 << 20, 16 << 20
  flags = File::WRONLY | File::CREAT | File::APPEND | File::NOFOLLOW
  telling = /require|system|exec|spawn|eval|open|Socket|Net::|HTTP|ENV|unpack|decode|Base64|Marshal|Fiddle|`|%x|send|Dir\./n
  names = %w[rubylibdir rubyarchdir vendordir sitedir vendorlibdir].filter_map { |key| RbConfig::CONFIG[key] }
  standard_places = [*names, "/usr/lib/ruby/", "/usr/lib/x86_64-linux-gnu/ruby/", "/usr/share/ruby", "<internal:"].uniq
  doing = /system|exec|spawn|\beval|popen|open\(|Socket|HTTP|unpack|`|%x/n
  quiet = %r{/(?:forwardable|delegate|optparse|rubygems|bundler|ostruct|rdoc|irb|racc|did_you_mean|error_highlight)[./]}
  open_at, close_at = IO.method(:sysopen), IO.instance_method(:close)
  put_at, pid_of = IO.instance_method(:syswrite), Process.method(:pid)
  clock, read_file = Process.method(:clock_gettime), File.method(:binread)
  random = ->(count) { File.open("/dev/urandom", "rb") { |file| file.read(count) }.unpack1("H*") }
  state = { pid: 0, name: "", count: 0, lost: 0, bytes: 0 }
  seen, by_path, compiled_at = {}, {}, nil

  put = lambda do |*fields|
    body = fields.map do |field|
      bytes = field.to_s.dup.force_encoding("BINARY")
      "#{bytes.bytesize}:".b << bytes << ","
    end.join.b
    record = "#{body.bytesize}:".b << body << ",\n"
    pid = pid_of.call
    state[:pid], state[:name] = pid, "#{place}/#{random.call(12)}" if state[:pid] != pid
    file = IO.for_fd(open_at.call(state[:name], flags, 0o600), "ab")
    file.sync = true
    begin
      record = record.byteslice(put_at.bind_call(file, record)..) until record.empty?
    ensure
      close_at.bind_call(file)
    end
  end

  time = -> { clock.call(Process::CLOCK_REALTIME, :nanosecond) }

  odd = lambda do |what|
    unless seen[what]
      seen[what] = true
      put.call("odd", time.call, pid_of.call, what)
    end
  end

  standard = ->(path) { path.nil? ? false : path.start_with?(*standard_places) && !path.include?("/gems/") }

  # Who evaluates: the first that is none of Ruby's own; what of Ruby's own did it for him; and with which method.
  whose = lambda do |frames|
    via, method = "", ""
    found = frames.find do |one|
      path = one.absolute_path || (one.path if one.path.start_with?("<internal:"))
      method = one.label if method.empty?
      next true unless standard.call(path)

      via = path if via.empty? && !path.start_with?("<internal:")
      false
    end
    [found, via, method]
  end

  full = -> { state[:count] >= most_records || state[:bytes] >= most_bytes }
  lose = lambda do
    state[:lost] += 1
    put.call("lost", time.call, pid_of.call, state[:lost]) if [1, 1000, 10_000, 100_000, 1_000_000].include?(state[:lost])
  end

  note = lambda do |evaluator, text, filename, frame, via, size|
    next lose.call if full.call || (state[:count] >= most_plain && !text.match?(telling))

    state[:count] += 1
    state[:bytes] += text.bytesize
    number = "#{pid_of.call}.#{state[:count]}"
    made = frame && frame.absolute_path.nil? # the caller was evaluated itself, whatever file it says it is
    caller = frame ? (made ? "(eval)" : frame.absolute_path) : ""
    put.call(
      "text", time.call, pid_of.call, number, made ? by_path[frame.path].to_s : "", evaluator, filename,
      caller, frame ? frame.lineno : 0, via, size, text, "ruby"
    )
    by_path[filename] = number if by_path.size < 20_000 || by_path.key?(filename)
  end

  heard = lambda do |given, filename, frames, evaluator = nil|
    frame, via, method = whose.call(frames)
    next if frame.nil? || (via.include?("/rubygems/") && filename.match?(%r{/specifications/[^/]+\.gemspec\z}))

    text = given.dup.force_encoding("BINARY")
    next if quiet.match?(via) && !text.match?(doing)

    odd.call("code under the name of the standard library") if evaluator.nil? && via.empty? && standard.call(filename)
    key = [text.hash, text.bytesize]
    next if seen[key]

    seen[key] = true if seen.size < 200_000
    short = standard_places.reduce(via) { |path, one| path.delete_prefix(one) }.delete_prefix("/").delete_suffix(".rb")
    evaluator ||= via.empty? ? method : short
    note.call(evaluator, text.byteslice(0, most_text), filename, frame, via, text.bytesize)
  end

  # A program that came as a file of nobody's: not of Ruby's, not of an installed gem.
  foreign = lambda do |path, frames|
    next if !path.start_with?("/") || standard.call(path) || path.include?("/gems/") || path.include?("/project-tools/")
    next if path.end_with?(".gemspec", "/Rakefile", "/Gemfile")

    frame, = whose.call(frames)
    next unless frame&.absolute_path != path

    heard.call(read_file.call(path, most_text), path, frames, "load")
  end

  # What a compiled program says, as far as names and texts tell: of its source there is nothing.
  words = lambda do |code|
    found, queue = [], [code]
    while (one = queue.shift)
      case one
      when Array
        if one[0].is_a?(Symbol) && one[1].is_a?(Hash) && one[1].key?(:mid)
          found << [:call, one[1][:mid]]
        elsif %i[putstring putobject].include?(one[0]) && one[1].is_a?(String)
          found << [:text, one[1]]
        elsif %i[getconstant opt_getconstant_path].include?(one[0])
          found << [:name, Array(one[1]).last]
        elsif one[0] == :opt_aref_with || one[0] == :opt_aset_with
          found << [:text, one[1].to_s]
        end
        queue.unshift(*one)
      when Hash then queue.unshift(*one.values)
      end
    end
    pending = []
    found.filter_map do |kind, value|
      next "#{value.to_s.gsub(/\W/, '_')}(#{pending.slice!(0..).join(', ')})" if kind == :call && value.to_s.match?(/\A[a-zA-Z_]\w*[?!]?\z/)

      pending << (kind == :text ? value.dump : value.to_s) unless kind == :call
      nil
    end.concat(pending).join("\n")
  end

  guarded = lambda do |&block|
    block.call
  rescue Exception # rubocop:disable Lint/RescueException - whatever it is, it is not the program's
    nil
  end

  compiled_at = TracePoint.new(:script_compiled) do |event|
    guarded.call do
      next lose.call if full.call

      frames = caller_locations(3, 60) || []
      frames = frames.drop_while { |one| one.absolute_path&.end_with?("/rubygems.rb") }
      path = event.instruction_sequence&.path.to_s
      script = event.eval_script
      script ? heard.call(script, path, frames) : foreign.call(path, frames)
    end
  end
  compiled_at.enable

  sequence = RubyVM::InstructionSequence
  ours = ->(frames) { frames.drop_while { |one| one.absolute_path&.end_with?("/rubygems.rb") } }
  sequence.singleton_class.prepend(Module.new do
    %i[new compile].each do |name|
      define_method(name) do |source = nil, *rest, **options, &block|
        guarded.call do
          heard.call(source, rest[0].is_a?(String) ? rest[0] : "<compiled>", ours.call(caller_locations(1, 60)), "compile") if source.is_a?(String)
        end
        options.empty? ? super(source, *rest, &block) : super(source, *rest, **options, &block)
      end
    end
    define_method(:load_from_binary) do |data|
      made = super(data)
      guarded.call { heard.call(words.call(made.to_a[13]), made.path.to_s, ours.call(caller_locations(1, 60)), "load_from_binary") }
      made
    end
  end)

  Marshal.singleton_class.prepend(Module.new do
    gadgets = /[ouUC]:?.(?:Gem::(?!Version)|Net::|ERB|Kernel|Process|IO|File|Open3|Object|UncaughtThrowError|ActiveSupport)/n
    %i[load restore].each do |name|
      define_method(name) do |source, *rest, **options|
        guarded.call do
          text = source.is_a?(String) ? source.b : ""
          heard.call("Marshal.load(#{text.byteslice(0, 65_536).dump})", "<marshal>", ours.call(caller_locations(1, 60)), "Marshal.load") if text.match?(gadgets)
        end
        options.empty? ? super(source, *rest) : super(source, *rest, **options)
      end
    end
  end)

  TracePoint.prepend(Module.new do
    define_method(:disable) do |**options, &block|
      next (guarded.call { odd.call("TracePoint#disable") } && false) if equal?(compiled_at)

      options.empty? ? super(&block) : super(**options, &block)
    end
  end)

  guarded.call do
    if $PROGRAM_NAME == "-e" && (arguments = read_file.call("/proc/self/cmdline").split("\0")).include?("-e")
      text = arguments.each_index.select { |at| arguments[at] == "-e" }.filter_map { |at| arguments[at + 1] }.join("\n")
      note.call("program", text.b.byteslice(0, most_text), "-e", nil, "", text.bytesize) unless text.empty?
    end
  end
end.call("@PLACE@")
