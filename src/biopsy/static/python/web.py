"""Effects of Python's network libraries."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

from biopsy.static.code.state import Invocation
from biopsy.static.code.value import HOLE, Value, const
from biopsy.static.code.witness import Witness
from biopsy.static.python.effects import TABLE, effect

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
    data = [fields.get("data", Value()), fields.get("headers", Value())]
    file = call.arg(1, "filename") if call.ref.endswith(("urlretrieve", "download")) else None
    if file is None:
        data += [call.arg(1, "data")]
    verb = fields.get("method", Value())
    has_data = any(d.consts or d.taint or d.fields for d in (data[0], *data[2:]))
    response = run.request(
        verb.text() if verb.consts else "POST" if has_data else "GET", url, data, call.line
    )
    if file is not None:
        run.write_file(file, [response], call.line)
        return Value(items=[file, Value()])
    return response


@effect("http.client.HTTPSConnection", "http.client.HTTPConnection")
def _http_connection(run: Witness, call: Invocation) -> Value:
    return Value(consts=call.arg(0, "host").consts, ref="http.client.HTTPConnection()")


@effect("http.client.HTTPConnection().request")
def _http_request(run: Witness, call: Invocation) -> Value:
    host = call.receiver.text() if call.receiver and call.receiver.consts else HOLE
    url = const(f"http://{host}{call.arg(1).text()}")
    if call.receiver is not None:
        call.receiver.taint |= {"network"}
    return run.request(
        call.arg(0).text(), url, [call.arg(1), *call.args[2:], *call.kwargs.values()], call.line
    )


@effect(
    "socket.socket().connect", "socket.create_connection", "socket.socket().connect_ex",
    "asyncio.open_connection",
)  # fmt: skip
def _connect(run: Witness, call: Invocation) -> Value:
    pair = call.arg(0).items
    host, port = (pair[0], pair[1]) if pair and len(pair) > 1 else (call.arg(0), call.arg(1))
    run.connect(host, port, call.line)
    if call.receiver is not None and "connect" in call.name and "create" not in call.name:
        call.receiver.taint |= {"network"}
    return Value(ref="socket.socket()", taint=frozenset({"network"}))


@effect(
    "socket.socket().send", "socket.socket().sendall", "socket.socket().sendto",
    "websocket.create_connection().send", "smtplib.SMTP().sendmail", "smtplib.SMTP_SSL().sendmail",
    "ftplib.FTP().storbinary", "smtplib.SMTP().send_message",
)  # fmt: skip
def _send(run: Witness, call: Invocation) -> Value:
    run.sent(call.all(), call.line)
    return Value()


@effect(
    "socket.gethostbyname", "socket.getaddrinfo", "socket.gethostbyname_ex", "dns.resolver.resolve",
    "dns.resolver.query", "dns.resolver.Resolver().resolve",
)  # fmt: skip
def _lookup(run: Witness, call: Invocation) -> Value:
    form = call.arg(1).text() if call.ref.startswith("dns.") and call.arg(1).consts else ""
    return run.lookup(call.arg(0), call.line, form)
