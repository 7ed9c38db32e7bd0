"""Effects of Python's network libraries."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

from biopsy.model.regex import regex
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import HOLE, Value, const
from biopsy.static.code.witness import Witness
from biopsy.static.python.effects import TABLE, effect

_FILE = regex(r"(?:[\w.-]+/)*[\w.-]+\.\w+")
_HTTP = ("get", "post", "put", "patch", "delete", "head", "options")
for _library in (
    "requests",
    "httpx",
    "aiohttp",
    "grequests",
    "curl_cffi.requests",
    "cloudscraper.create_scraper()",
):
    for _verb in _HTTP:
        TABLE[f"{_library}.{_verb}"] = lambda run, call: run.request(
            call.name.upper(), call.arg(0, "url"), [*call.args[1:], *call.kwargs.values()], call.line
        )
    TABLE[f"{_library}.request"] = lambda run, call: run.request(
        call.arg(0, "method").text().upper(),
        call.arg(1, "url"),
        [*call.args[2:], *call.kwargs.values()],
        call.line,
    )
    TABLE[f"{_library}.stream"] = TABLE[f"{_library}.request"]
TABLE["urllib3.request"] = TABLE["requests.request"]
TABLE["urllib3.urlopen"] = TABLE["requests.request"]


@effect("urllib.request.Request")
def _url_request(run: Witness, call: Invocation) -> Value:
    fields = {"url": call.arg(0, "url"), "data": call.arg(1, "data"), "headers": call.arg(2, "headers"),
              "method": call.arg(9, "method")}  # fmt: skip
    return Value(ref="urllib.request.Request()", fields=fields)


@effect(
    "urllib.request.urlopen", "urllib.request.build_opener().open", "urllib.request.urlretrieve",
    "wget.download",
)  # fmt: skip
def _urlopen(run: Witness, call: Invocation) -> Value:
    target = call.arg(0, "url")
    fields = target.fields or {}
    url = fields.get("url", target)
    data = [fields.get("data", Value()), fields.get("headers", Value()), Value(taint=target.taint)]
    file = call.arg(1, "filename") if call.ref.endswith(("urlretrieve", "download")) else None
    if file is None:
        data += [call.arg(1, "data")]
    verb = fields.get("method", Value())
    has_data = any(d.consts not in {(), (None,)} or d.taint or d.fields for d in (data[0], *data[3:]))
    response = run.request(
        verb.text() if verb.consts else "POST" if has_data else "GET", url, data, call.line
    )
    if call.ref.startswith("urllib.") and _no_address(url):
        response = Value(ref=response.ref)
    if file is not None:
        run.write_file(file, [response], call.line)
        return Value(items=[file, Value()])
    return response


def _no_address(url: Value) -> bool:
    """Whether all that is known of an address are names of files, which urllib never fetches.

    Then it fetches only what somebody else names instead, as whoever builds a program for himself may do.
    """
    texts = list(url.texts())
    return bool(texts) and not url.taint and all(_FILE.fullmatch(text) for text in texts)


@effect("http.client.HTTPSConnection", "http.client.HTTPConnection")
def _http_connection(run: Witness, call: Invocation) -> Value:
    return Value(consts=call.arg(0, "host").consts, ref="http.client.HTTPConnection()")


@effect("http.client.HTTPConnection().request")
def _http_request(run: Witness, call: Invocation) -> Value:
    host = call.receiver.text() if call.receiver and call.receiver.consts else HOLE
    url = const(f"http://{host}{call.arg(1).text()}")
    if call.receiver is not None:
        call.receiver.take(frozenset({"network"}))
    return run.request(
        call.arg(0).text(), url, [call.arg(1), *call.args[2:], *call.kwargs.values()], call.line
    )


@effect(
    "socket.socket().connect", "socket.create_connection", "socket.socket().connect_ex",
)  # fmt: skip
def _connect(run: Witness, call: Invocation) -> Value:
    pair = call.arg(0).items
    host, port = (pair[0], pair[1]) if pair and len(pair) > 1 else (call.arg(0), call.arg(1))
    run.connect(host, port, call.line)
    if call.receiver is not None and "connect" in call.name and "create" not in call.name:
        call.receiver.take(frozenset({"network"}))
    return Value(ref="socket.socket()", taint=frozenset({"network"}))


@effect(
    "smtplib.SMTP", "ftplib.FTP", "telnetlib.Telnet", "poplib.POP3", "imaplib.IMAP4",
    "smtplib.SMTP().connect", "ftplib.FTP().connect",
)  # fmt: skip
def _client(run: Witness, call: Invocation) -> Value:
    """A client of mail or files connects when it is made."""
    host = call.arg(0, "host")
    if host.consts:
        run.connect(host, call.kwargs.get("port") or _port(call), call.line)
    return Value(ref=f"{call.ref}()", taint=frozenset({"network"}))


def _port(call: Invocation) -> Value:
    given = call.arg(1)
    if given.consts and isinstance(given.consts[0], int):
        return given
    return const({"smtplib": 25, "ftplib": 21, "telnetlib": 23}.get(call.ref.partition(".")[0], HOLE))


@effect(
    "socket.socket().send", "socket.socket().sendall", "socket.socket().sendto", "socket.socket().sendmsg",
    "websocket.create_connection().send", "websocket.WebSocket().send", "websockets.connect().send",
    "websockets.sync.client.connect().send", "smtplib.SMTP().sendmail", "smtplib.SMTP().send_message",
    "ftplib.FTP().storbinary", "ftplib.FTP().storlines", "http.client.HTTPConnection().send",
    "http.client.HTTPConnection().endheaders", "http.client.HTTPConnection().putheader", "os.sendfile",
    "socket.socket().sendfile", "telnetlib.Telnet().write", "imaplib.IMAP4().append",
    "socket.socket().makefile().write",
)  # fmt: skip
def _send(run: Witness, call: Invocation) -> Value:
    run.sent(call.all(), call.line)
    address = call.args[-1].items if call.name == "sendto" and len(call.args) > 1 else None
    if address and len(address) > 1:
        run.connect(address[0], address[1], call.line)
    return Value()


@effect("socket.socket().recv", "socket.socket().recvfrom", "socket.socket().recvmsg")
def _receive(run: Witness, call: Invocation) -> Value:
    """What comes in, connected or not."""
    came = Value(taint=frozenset({"network"}))
    return came if call.name == "recv" else Value(items=[came, Value()], taint=came.taint)


@effect("ssl.wrap_socket", "ssl.create_default_context().wrap_socket", "ssl.SSLContext().wrap_socket",
        "ssl._create_unverified_context().wrap_socket")  # fmt: skip
def _wrapped(run: Witness, call: Invocation) -> Value:
    return Value(ref="socket.socket()", taint=call.arg(0, "sock").taint)


@effect(
    "paramiko.SSHClient().open_sftp().put", "pysftp.Connection().put", "paramiko.SFTPClient().put",
    "paramiko.SFTPClient.from_transport().put", "scp.SCPClient().put", "fabric.Connection().put",
)  # fmt: skip
def _put(run: Witness, call: Invocation) -> Value:
    run.sent([run.read_file(call.arg(0), call.line)], call.line)
    return Value()


@effect(
    "socket.gethostbyname", "socket.getaddrinfo", "socket.gethostbyname_ex", "dns.resolver.resolve",
    "dns.resolver.query", "dns.resolver.Resolver().resolve",
)  # fmt: skip
def _lookup(run: Witness, call: Invocation) -> Value:
    form = call.arg(1).text() if call.ref.startswith("dns.") and call.arg(1).consts else ""
    return run.lookup(call.arg(0), call.line, form)


@effect("asyncio.open_connection")
def _streams(run: Witness, call: Invocation) -> Value:
    """A pair: what comes in, and where one writes."""
    run.connect(call.arg(0, "host"), call.arg(1, "port"), call.line)
    net = frozenset({"network"})
    return Value(
        items=[Value(ref="asyncio.reader()", taint=net), Value(ref="asyncio.writer()", taint=net)], taint=net
    )


@effect("asyncio.writer().write", "asyncio.writer().writelines")
def _stream_write(run: Witness, call: Invocation) -> Value:
    run.sent(call.all(), call.line)
    return Value()
