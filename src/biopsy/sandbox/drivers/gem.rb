# Install a gem; start what starts by itself; load every file of it; try its commands; call it; run its tests.
#
#     ruby gem.rb install [--name NAME] [--budget SECONDS] FILE
#     ruby gem.rb start|import|scripts|execute|tests --name NAME [--budget SECONDS] [--each SECONDS]
#
# Prints a JSON line for each step and one for the whole; exits 0 (completed), 64 (failed) or 65 (skipped).
# The gem is only ever loaded by other processes, which share no stream with this one but a pipe of their own.

require "json"
require "rbconfig"
require "tmpdir"

KEPT = 64 * 1024 # bytes of a command's output that are looked at
SHOWN = 4000 # of them that are printed for people
LINGER = 2.5 # seconds that a process may go on after it
CALL_TIME = 4.0 # seconds without news from one that calls
COMMAND_TIME = 5.0
TOOLS_TIME = 8.0 # for using all the tools that a command serves
MAX_FILES = 400
MAX_COMMANDS = 20
MAX_TESTS = 40
MAX_STEPS = 1500
MAX_RESTARTS = 5
CODES = { "completed" => 0, "failed" => 64, "skipped" => 65 }.freeze
HERE = __dir__
RUBY = RbConfig.ruby

CAUSES = [
  [/Could not find a valid gem '([^']{1,200})/, "dependency-missing"],
  [/Unable to resolve dependency: (.{1,200})/, "dependency-missing"],
  [/conflicting dependencies (.{1,200})/, "dependency-conflict"],
  [/requires (Ruby version .{1,200})/, "unsupported-ruby"],
  [/(?:Unable to download data|bad response|Connection (?:reset|refused)).{0,200}/, "registry-failed"],
  [/While executing gem .{0,40}(?:NoMethodError|Gem::RemoteFetcher|Net::|OpenSSL|SocketError).{0,100}/, "registry-failed"],
  [/No space left on device/, "disk-full"],
  [/(?:Failed to build gem native extension|extconf\.rb failed|make failed).{0,100}/, "build-failed"],
  [/ERROR:\s+(.{1,300})/, "gem-failed"]
].freeze

OPTIONS = { "name" => "", "budget" => "60", "each" => "10" } # rubocop:disable Style/MutableConstant
WORDS_ASKED = [] # rubocop:disable Style/MutableConstant - arguments that the package's own code asks for
GIVEN = [] # rubocop:disable Style/MutableConstant

def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

def left = $end - now

def say(**line)
  IO.for_fd(1, autoclose: false).syswrite("#{JSON.generate(line)}\n")
rescue SystemCallError, IOError, EncodingError
  nil # nobody listens
end

def clean(text) = text.to_s.dup.force_encoding("UTF-8").scrub[0, 300]

def step(name, status, reason = "", started = nil)
  $steps = $steps.to_i + 1
  return if $steps > MAX_STEPS

  say(step: clean(name), status: status, reason: clean(reason), duration: started ? (now - started).round(3) : 0)
end

def finish(status, reason = "")
  say(step: "…", status: "skipped", reason: "#{$steps - MAX_STEPS} more steps") if $steps.to_i > MAX_STEPS
  say(phase: status, reason: clean(reason))
  exit!(CODES.fetch(status, 0))
end

Result = Struct.new(:code, :signal, :expired, :output, :done)

# Run a command without input, or with `input`; `hear` is told each line of its pipe, and may allow more time.
def run(argv, timeout:, input: nil, chdir: Dir.pwd, &hear)
  out, out_w = IO.pipe
  told, told_w = IO.pipe
  given, given_w = input ? IO.pipe : [File::NULL, nil]
  pid = Process.spawn(*argv, in: given, [:out, :err] => out_w, 3 => hear ? told_w : :close, pgroup: true, chdir: chdir)
  [out_w, told_w, input ? given : nil].compact.each(&:close)
  Thread.new { given_w.write(input) rescue nil; given_w.close rescue nil } if input
  follow(pid, out, told, timeout, &hear)
rescue SystemCallError => e
  Result.new(127, nil, false, e.message, false)
ensure
  [out, told].compact.each { |one| one.close unless one.closed? }
end

# Waits for the command alone: what it leaves behind may hold its pipes for ever.
def follow(pid, out, told, timeout)
  result, rest = Result.new(nil, nil, false, +"", false), +""
  deadline, status, fork = now + timeout, nil, 0
  until status
    ready, = IO.select([out, told].reject(&:closed?), nil, nil, 0.02)
    drain(out) { |data| result.output = (result.output << data)[-KEPT..] || result.output } if ready&.include?(out)
    if ready&.include?(told)
      drain(told) do |data|
        *lines, rest = (rest << data).split("\n", -1)
        lines.each do |line|
          message = heard(line) or next
          result.done ||= message["done"]
          fork = message["pid"].to_i if message.key?("pid")
          more = yield(message)
          deadline = now + more if more
        end
      end
    end
    _, status = Process.waitpid2(pid, Process::WNOHANG)
    next if status || now < deadline

    if fork > 1 # what a fork of it does has no end: the rest goes on
      stop(fork, false)
      deadline, fork = now + 2, 0
      next
    end
    result.expired = true
    stop(pid, result.done)
    _, status = Process.waitpid2(pid)
  end
  drain(out) { |data| result.output << data } unless out.closed?
  drain(told) { |data| data.split("\n").each { |line| (message = heard(line)) && yield(message) } } if block_given? && !told.closed?
  result.output = result.output.force_encoding("UTF-8").scrub
  result.code, result.signal = status.exitstatus, status.termsig
  result
end

def drain(stream)
  loop { yield stream.read_nonblock(65_536) }
rescue IO::WaitReadable
  nil
rescue SystemCallError, IOError
  stream.close unless stream.closed?
end

def heard(line)
  found = JSON.parse(line)
  found.is_a?(Hash) ? found : nil
rescue JSON::ParserError, EncodingError
  nil # not ours
end

# End a process and its group; only itself where it had done its work: what it left running may go on.
def stop(pid, alone)
  (alone ? [pid] : [-pid, pid]).each do |target|
    Process.kill(:KILL, target)
  rescue SystemCallError
    nil
  end
end

def judge(result)
  return ["timeout", "no end"] if result.expired
  return ["crashed", "signal-#{result.signal}"] if result.signal

  result.code&.zero? ? ["completed", ""] : ["failed", "exit-#{result.code}"]
end

# ---- install

def attempt(label, argv, chdir: Dir.pwd)
  started = now
  result = run(argv, timeout: left, chdir: chdir)
  status, reason = judge(result)
  if status == "failed"
    pattern, code = CAUSES.find { |one, _| one =~ result.output }
    reason = "#{code}: #{result.output[pattern, 1] || result.output[pattern]}" if pattern
  end
  step(label, status, reason, started)
  warn(result.output[-SHOWN..] || result.output)
  [status, reason]
end

INSTALL = %w[gem install --no-document --no-update-sources --conservative].freeze

def install
  file = GIVEN[0].to_s
  file = built(file) unless file.end_with?(".gem")
  status, reason = attempt("gem install", [*INSTALL, file])
  finish(status, reason) if status != "failed"
  if reason.start_with?("dependency-", "registry-", "gem-failed: While executing gem")
    second, why = attempt("gem install --ignore-dependencies", [*INSTALL, "--local", "--ignore-dependencies", file])
    finish("completed", "without-dependencies: #{reason}") if second == "completed"
    reason = why if why.start_with?("build-failed")
  end
  # gem has taken it away again, or never put it there: have it there for the phases to come
  attempt("gem unpack", [RUBY, File.join(HERE, "gemplace.rb"), file])
  finish("failed", reason)
end

# Build the gem of a folder that came as a tarball, as its author would.
def built(file)
  folder = File.join(File.dirname(file), "source")
  Dir.mkdir(folder)
  tar = attempt("tar", ["tar", "-xzf", file, "-C", folder, "--strip-components=1", "--no-same-owner"])
  finish(*tar) if tar[0] != "completed"
  spec = Dir.children(folder).grep(/\.gemspec\z/).min or finish("failed", "no-gemspec")
  made = attempt("gem build", ["gem", "build", "--output", "../built.gem", spec], chdir: folder)
  finish(*made) if made[0] != "completed"
  File.join(File.dirname(file), "built.gem")
end

# ---- what starts by itself

def start
  worst = ["completed", ""]
  [%w[ruby -e 1], %w[ruby -S gem list --local]].each do |argv|
    started = now
    status, reason = judge(run(argv, timeout: [left / 2, 0.5].max))
    step(argv.join(" "), status, reason, started)
    worst = [status == "timeout" ? status : "failed", "#{argv[0]}: #{reason}"] if status != "completed"
  end
  finish(*worst)
end

# ---- what a gem offers

# The installed gem of that name, else that of the file: it may be named after something else than what is in it.
def installed
  found = Gem::Specification.find_all_by_name(OPTIONS["name"]).max_by(&:version)
  file = GIVEN[0].to_s
  file = File.join(File.dirname(file), "built.gem") unless file.end_with?(".gem")
  if found.nil? && File.file?(file)
    require "rubygems/package"
    found = Gem::Specification.find_all_by_name(Gem::Package.new(file).spec.name).max_by(&:version)
  end
  finish("skipped", "not-installed") unless found
  found
rescue StandardError => e
  finish("failed", "gemspec: #{e.class}")
end

# Everything that `require` could load of it, that of its own name first; and how many files there are of it.
def features(spec)
  folders = spec.require_paths.map { |one| File.expand_path(one, spec.full_gem_path) }
  folders << spec.extension_dir.to_s if Dir.exist?(spec.extension_dir.to_s)
  found = folders.flat_map do |folder|
    Dir.glob("**/*.{rb,so}", base: folder).sort.map { |path| path.sub(/\.(?:rb|so)\z/, "") }
  end
  found = found.uniq - ["rubygems_plugin"]
  name = spec.name
  mains = [name, name.tr("-", "/"), name.tr("-", "_"), name.delete("-_")].uniq & found
  mains = found.reject { |one| one.include?("/") }.first(5) if mains.empty?
  [mains, (found - mains).sort_by { |one| [one.match?(%r{(?:^|/)(?:tests?|specs?)(?:/|$)|rake|tasks}) ? 1 : 0, one.count("/"), one] }]
end

def script(*names) = names.map { |name| File.read(File.join(HERE, name)) }.join

def plan(spec, **more)
  { name: spec.name, version: spec.version.to_s, folder: spec.full_gem_path, words: WORDS_ASKED, **more }
end

# Run the worker until it is done; what ends it is left out, and the rest goes on in a new one.
def work(spec, parts, **more)
  count, reached, skip = Hash.new(0), {}, []
  MAX_RESTARTS.times do
    break if left < 0.5

    at = nil
    text = "#{script(*parts)}\nLoadAll.run(#{plan(spec, skip: skip, **more).inspect})\n"
    result = run([RUBY, "-", *WORDS_ASKED], timeout: OPTIONS["each"].to_f + 2, input: text) do |message|
      at = message["at"] if message["at"]
      reach(reached, message["lines"]) if message["lines"].is_a?(Hash)
      if message["step"]
        count[message["status"].to_s] += 1
        step(message["step"], message["status"].to_s, message["reason"])
        skip << message["feature"] if message["feature"]
      end
      next [LINGER, left].min if message["done"] || message["step"]

      [message["call"] ? CALL_TIME : OPTIONS["each"].to_f + 1, left].min
    end
    break if result.done

    status, reason = judge(result)
    status, reason = "failed", "exited: 0" if status == "completed"
    count[status] += 1
    step(at || spec.name, status, at ? reason : "#{reason}: #{result.output.to_s[-200..]}")
    break unless at

    skip << at
  end
  [count, reached]
end

def reach(reached, lines)
  lines.each { |path, (of, seen)| (reached[path] ||= [of.to_i, {}])[1].merge!(Array(seen).to_h { |one| [one, true] }) }
end

# Say which lines were reached; and how many there are in all.
def tell_lines(spec, reached)
  total = 0
  Dir.glob("**/*.rb", base: spec.full_gem_path).first(2000).each do |path|
    next if path.match?(%r{\A(?:test|spec|features)/})

    total += reached.key?(path) ? reached[path][0] : code_lines(File.join(spec.full_gem_path, path))
  end
  reached.each do |path, (of, seen)|
    spans = seen.keys.sort.slice_when { |a, b| b != a + 1 }.map { |run| run.size > 1 ? "#{run[0]}-#{run[-1]}" : run[0].to_s }
    say(lines: path, of: of, seen: spans.join(" ")) if of.positive?
  end
  say(lines: "", of: total, seen: "") if total.positive?
end

# How many lines hold code, without running any.
def code_lines(path)
  found, queue = {}, [RubyVM::InstructionSequence.compile_file(path)]
  while (one = queue.pop)
    one.trace_points.each { |line, event| found[line] = true if event == :line }
    one.each_child { |child| queue << child }
  end
  found.size
rescue SyntaxError, StandardError
  0
end

def sum_up(count, what)
  total = count.values.sum
  good, skipped = count["completed"], count["skipped"]
  finish("skipped", "no-#{what}") if total.zero?
  finish(good.positive? ? "completed" : "timeout", "budget: some #{what} not reached") if left < 0.5
  finish("failed", "none-worked: #{total} #{what} tried") if good.zero? && skipped.zero?
  bad = total - good - skipped
  finish("completed", bad.positive? ? "partly: #{bad} of #{total} #{what} did not work" : "")
end

def importing
  spec = installed
  mains, rest = features(spec)
  count, reached = work(spec, %w[gemtell.rb gemload.rb], mains: mains, rest: rest.first(MAX_FILES))
  step("…", "skipped", "limit: #{rest.size - MAX_FILES} more files") if rest.size > MAX_FILES
  tell_lines(spec, reached)
  sum_up(count, "files")
end

def execute
  spec = installed
  mains, rest = features(spec)
  rest = rest.reject { |one| one.match?(%r{(?:^|/)(?:tests?|specs?|minitest|rspec)(?:/|$|_)}) }
  parts = %w[gemtell.rb gemmade.rb gembystand.rb gemcalls.rb]
  count, reached = work(spec, parts, mains: mains, rest: rest.first(MAX_FILES))
  tell_lines(spec, reached)
  sum_up(count, "modules")
end

# ---- commands

SERVES = %r{modelcontextprotocol|\bmcp\b|['"]tools/(?:list|call)['"]|\bfast_mcp\b}i

def serves?(spec)
  return true if spec.dependencies.any? { |one| one.name.match?(/(?:\A|[-_])mcp(?:\z|[-_])/) }

  spec.executables.any? { |one| File.read(File.join(spec.bin_dir, one), 1024**2).to_s.scrub.match?(SERVES) }
rescue SystemCallError
  false
end

def scripts
  spec = installed
  names = spec.executables.first(MAX_COMMANDS)
  finish("skipped", "no-scripts") if names.empty?
  missed = 0
  names.each do |name|
    file = File.join(Gem.bindir(spec.base_dir), name)
    (WORDS_ASKED.empty? ? ["--help"] : WORDS_ASKED).each do |word|
      next missed += 1 if left < 0.5

      started = now
      step("#{name} #{word}", *judge(run([file, word], timeout: [COMMAND_TIME, left].min)), started)
    end
    next if left < 1.5 || !serves?(spec)

    started, seconds = now, [TOOLS_TIME, left - 0.5].min
    used = run(["python3", "-I", File.join(HERE, "tools.py"), "--budget", seconds.to_s, file], timeout: left)
    step("#{name} (tools)", *(used.code == 65 ? ["skipped", "no-tools"] : judge(used)), started)
  end
  finish("completed", missed.positive? ? "budget: #{missed} not reached" : "")
end

# ---- tests

def tests
  spec = installed
  root = spec.full_gem_path
  found = Dir.glob("{test,tests,spec}/**/{test_*,*_test,*_spec,spec_*}.rb", base: root).sort - Dir.glob("**/{test,spec}_helper.rb", base: root)
  finish("skipped", "no-tests") if found.empty?
  count = Hash.new(0)
  found.first(MAX_TESTS).each do |path|
    break if left < 0.5

    started = now
    rspec = path.match?(/_spec\.rb\z|\Aspec/) && Gem::Specification.find_all_by_name("rspec-core").any?
    argv = rspec ? %w[rspec --no-color -I lib -I spec] : [RUBY, "-Ilib", "-Itest", "-Itests", "-Ispec"]
    status, reason = judge(run([*argv, path], timeout: [OPTIONS["each"].to_f, left].min, chdir: root))
    count[status] += 1
    step(path, status, reason, started)
  end
  missed = found.size - count.values.sum
  finish("completed", missed.positive? ? "budget: #{missed} of #{found.size} not reached" : "")
end

arguments = ARGV.dup
phase = arguments.shift.to_s
while (one = arguments.shift)
  case one
  when "--word" then WORDS_ASKED << arguments.shift.to_s
  when /\A--(name|budget|each)\z/ then OPTIONS[$1] = arguments.shift.to_s
  else GIVEN << one
  end
end
$end = now + OPTIONS["budget"].to_f
trap("PIPE", "IGNORE")
begin
  case phase
  when "install" then install
  when "start" then start
  when "import" then importing
  when "scripts" then scripts
  when "execute" then execute
  when "tests" then tests
  end
  finish("failed", "no-such-phase")
rescue StandardError => e
  finish("failed", "driver: #{e.class}: #{e.message}")
end
