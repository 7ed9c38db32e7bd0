# Arguments that are made up, by the names of parameters and by the texts of the code: used by gemcalls.rb.
#
# What they name (the host, the folder, the words) is known outside: what a method does with them is its job, and not
# told of the gem. Keep HOST and WORDS as observe_calls.py has them.

module LoadAll
  HOST = "files.partner-intake.example"
  WORDS = "sample-words"
  MAX_TEXTS = 60
  MAX_LENGTH = 400
  MAX_TRIES = 4
  ACCOUNT = /\A(?:0x[0-9a-fA-F]{40}|(?:bc1|ltc1|cosmos1|[13LMDTXr])[0-9a-zA-Z]{24,62}|[1-9A-HJ-NP-Za-km-z]{43,44})\z/

  # What answers to everything: some code goes on only where each of its many wishes is met.
  class Anything < BasicObject
    def method_missing(name, *_, &block)
      return true if name.end_with?("?")

      block&.call(::LoadAll::Anything.new) rescue nil # rubocop:disable Style/RescueModifier
      ::LoadAll::Anything.new
    end

    def respond_to?(*) = true
    def respond_to_missing?(*) = true
    def nil? = false
    def ==(_) = true
    def !=(_) = false
    def is_a?(_) = true
    def class = ::Object
    def to_s = WORDS
    def to_str = WORDS
    def to_path = ::File.join(::LoadAll.decoys, "notes.txt")
    def to_i = 1
    def to_int = 1
    def to_f = 1.0
    def to_a = [WORDS]
    def to_ary = [WORDS]
    def to_h = {}
    def to_hash = {}
    def to_proc = ->(*) {}
    def to_sym = :sample
    def hash = 1
    def inspect = WORDS
    def coerce(other) = [other, 1]
    def each = self
    def call(*) = ::LoadAll::Anything.new
  end

  class << self
    def decoys
      @decoys ||= begin
        folder = File.join(Dir.home, "samples")
        File.file?(File.join(folder, "notes.txt")) ? folder : made_folder
      end
    end

    def made_folder
      folder = File.join("/tmp", "samples-#{Process.pid}")
      Dir.mkdir(folder)
      File.write(File.join(folder, "notes.txt"), "alpha\nbeta\n")
      folder
    rescue SystemCallError
      "."
    end

    # A secret that is nobody's, to see what is done with it.
    def secret(name)
      @secrets ||= begin
        File.read(File.join(Dir.home, "samples", "account.json")).scan(/"(\w+)":\s*"([^"]*)"/).to_h
      rescue SystemCallError
        {}
      end
      @secrets.fetch(name, WORDS)
    end

    def hinted(word)
      case word
      when "mnemonic", "phrase", "seed" then secret("phrase")
      when "private_key", "privkey", "wallet" then "0x#{secret('private')}"
      when "password", "passwd", "pass", "pwd" then secret("password")
      when "key", "token", "secret", "auth", "credential", "credentials", "apikey", "jwt", "bearer" then secret("key")
      when "path", "file", "filename", "fname", "src", "source", "dst" then File.join(decoys, "notes.txt")
      when "dir", "folder", "directory", "root", "cwd", "dest" then decoys
      when "url", "uri", "endpoint", "link", "address", "href" then "http://#{HOST}/index.html"
      when "host", "hostname", "domain", "server" then HOST
      when "cmd", "command", "shell" then "echo #{WORDS}"
      when "code", "script", "expr", "expression" then "1"
      when "request", "req", "response", "ctx", "context", "message", "event", "session", "client", "app" then Anything.new
      when "port" then 8080
      when "callback", "func", "fn", "handler", "hook", "cb", "block" then ->(*) {}
      when "n", "num", "count", "size", "length", "index", "i", "limit", "timeout", "seconds", "number" then 1
      when "data", "payload", "body", "content", "buffer", "buf", "raw", "bytes" then "data"
      when "items", "values", "args", "list", "array", "names", "lines" then %w[a b]
      when "config", "options", "opts", "settings", "env", "headers", "params", "hash", "attributes" then settings
      end
    end

    def settings
      { "key" => "value", "name" => WORDS, url: "http://#{HOST}/", host: HOST, token: secret("key"), api_key: secret("key") }
    end

    def by_name(name)
      words = name.to_s.downcase.delete_prefix("_").split("_")
      [words.join("_"), words.last(2).join("_"), words.last.to_s].each do |word|
        found = hinted(word)
        return found unless found.nil?
      end
      nil
    end

    # A few argument lists: by name, with and without those that may be left out; then with the texts of the method's own code.
    def argument_lists(method, texts)
      known = method.parameters.reject { |kind, _| %i[rest keyrest block nokey].include?(kind) }
      lists = [filled(known.reject { |kind, _| %i[opt key].include?(kind) }) { |name| given(name, texts) }]
      # first with what may be left out: what is made so has a password to do something with
      lists.unshift(filled(known) { |name| given(name, texts) }) if known.any? { |kind, name| %i[opt key].include?(kind) && name && by_name(name) }
      texty = known.reject { |_, name| name && by_name(name) }
      return lists if texty.empty?

      [*strings(method), *texts].uniq.first(MAX_TRIES - 1).each do |text|
        lists << filled(known) { |name| (name && by_name(name)) || text }
      end
      lists
    end

    def strange_list(method)
      known = method.parameters.reject { |kind, _| %i[rest keyrest block nokey].include?(kind) }
      known.empty? ? [] : [filled(known) { |_| Anything.new }]
    end

    def given(name, texts)
      found = name && by_name(name)
      found.nil? ? (texts.empty? ? WORDS : texts[name.to_s.size % texts.size]) : found
    end

    def filled(parameters)
      ordered, named = [], {}
      parameters.each do |kind, name|
        value = yield(name)
        %i[key keyreq].include?(kind) ? named[name] = value : ordered << value
      end
      [ordered, named]
    end

    # The texts that stand in a method's code.
    def strings(method)
      code = RubyVM::InstructionSequence.of(method) or return []
      flat(code.to_a[13]).select { |one| one.is_a?(String) && one.size.between?(1, MAX_LENGTH) && !one.match?(ACCOUNT) }.uniq.first(MAX_TEXTS)
    rescue StandardError
      []
    end

    def flat(value, depth = 0)
      case value
      when Array then depth > 12 ? [] : value.flat_map { |one| flat(one, depth + 1) }
      when Hash then depth > 12 ? [] : value.values.flat_map { |one| flat(one, depth + 1) }
      else [value]
      end
    end
  end
end
