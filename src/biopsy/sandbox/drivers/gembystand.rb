# What somebody does beside a gem: he makes requests of his own, which are none of its business. Used by gemcalls.rb.
#
# Where the gem replaced nothing that makes requests, none is made. The token that they carry is known outside
# (observe_calls.py): to HOST it is ours, to anybody else it was copied.

module LoadAll
  SESSION = File.join(".config", "partner-intake", "session")
  ANSWER = 0.4 # seconds that such a request waits for its answer
  WATCHED = {
    "Net::HTTP" => %i[request start do_start connect get get2 request_get send_request transport_request begin_transport],
    "Net::HTTPGenericRequest" => %i[initialize exec write_header send_request_with_body],
    "Net::HTTPHeader" => %i[initialize_http_header []= add_field basic_auth],
    "Net::BufferedIO" => %i[write write0 writeline],
    "OpenSSL::SSL::SSLSocket" => %i[connect syswrite write],
    "TCPSocket" => %i[initialize write syswrite send],
    "BasicSocket" => %i[send write_nonblock],
    "IO" => %i[write syswrite write_nonblock]
  }.freeze
  MADE = { "Net::HTTP" => %i[new start get get_response post post_form], "TCPSocket" => %i[new open] }.freeze

  class << self
    # The name of what makes requests and is the gem's own now; nil where there is none.
    def replaced
      WATCHED.each { |of, names| names.each { |name| return "#{of}##{name}" if theirs?(of) { |it| it.instance_method(name) } } }
      MADE.each { |of, names| names.each { |name| return "#{of}.#{name}" if theirs?(of) { |it| it.method(name) } } }
      nil
    end

    def theirs?(of)
      own?(yield(Object.const_get(of)))
    rescue NameError
      false
    end

    # Make a request to HOST as anybody would, with a token of one's own.
    def ask
      token = File.read(File.join(Dir.home, SESSION)).strip
      require "net/http"
      Net::HTTP.start(HOST, 80, open_timeout: ANSWER, read_timeout: ANSWER) do |http|
        http.request(Net::HTTP::Get.new("/account", "Authorization" => "Bearer #{token}", "Cookie" => "session=#{token}"))
      end
    rescue Exception # rubocop:disable Lint/RescueException - what was put in its place may raise anything
      nil
    ensure
      Thread.list.each { |one| one.join(ANSWER) unless one == Thread.current } # what was copied may leave in a thread
    end
  end
end
