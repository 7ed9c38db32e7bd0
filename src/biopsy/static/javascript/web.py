"""Effects of JavaScript's network libraries."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

from itertools import pairwise
from urllib.parse import urljoin

from biopsy.static.code.interpret import Invocation
from biopsy.static.code.value import HOLE, Value, changed, const
from biopsy.static.code.witness import Witness
from biopsy.static.javascript.callbacks import piped, run_all
from biopsy.static.javascript.effects import TABLE, effect

_NET = frozenset({"network"})


def _field(value: Value, *names: str) -> Value:
    for name in names:
        if value.fields and (held := value.fields.get(name)) is not None:
            return held
    return Value()


def _url(value: Value, secure: bool = True) -> Value:  # noqa: FBT001, FBT002
    """A URL from a text, a URL object, or an object of its parts."""
    if value.consts and value.fields:
        return Value(value.consts, taint=value.all_taint())
    if value.consts or not value.fields:
        return value
    whole = _field(value, "url", "uri", "href")
    if whole.consts:
        base = _field(value, "baseURL")
        return const(base.text() + whole.text(), base.taint | whole.taint) if base.consts else whole
    host, path = _field(value, "hostname", "host"), _field(value, "path", "pathname")
    port, scheme = _field(value, "port"), _field(value, "protocol")
    if not host.consts:
        return Value(taint=host.taint | path.taint)
    start = scheme.text().rstrip(":") if scheme.consts else "https" if secure else "http"
    number = f":{port.text()}" if port.consts else ""
    tail = path.text() if path.consts else HOLE if path.taint else "/"
    return const(f"{start}://{host.text()}{number}{tail}", host.taint | path.taint)


def _verb(options: Value, default: str = "GET") -> str:
    verb = _field(options, "method", "type")
    return verb.text().upper() if verb.consts else default


@effect("http.request", "http.get")
def _node(run: Witness, call: Invocation) -> Value:
    first, second = call.arg(0), call.arg(1)
    options = first if first.fields and not first.consts else second
    url = _url(first)
    response = run.request(
        _verb(options), url, [_field(options, "headers"), _field(options, "auth")], call.line
    )
    run_all(run, call, [response])
    return Value(ref="request", taint=_NET, fields={"#asked": const(f"{_verb(options)} {url.text()}")})


@effect(
    "fetch", "undici.request", "got", "ky", "node-fetch.default", "phin", "make-fetch-happen",
    "minipass-fetch", "wretch",
)  # fmt: skip
def _fetch(run: Witness, call: Invocation) -> Value:
    options = call.arg(1) if call.arg(0).consts or not call.arg(0).fields else call.arg(0)
    response = run.request(_verb(options), _url(call.arg(0)), [options], call.line)
    run_all(run, call, [response], 1)
    return response


@effect(
    "axios", "axios.request", "request", "request-promise", "superagent", "needle",
    "axios.default.request", "request-promise-native",
)  # fmt: skip
def _axios(run: Witness, call: Invocation) -> Value:
    options = call.arg(0) if call.arg(0).fields else call.arg(1)
    response = run.request(_verb(options), _url(call.arg(0)), [options], call.line)
    run_all(run, call, [Value(), response, response], 1)
    return response


for _library in ("axios", "got", "superagent", "request", "needle", "ky", "http-request"):
    for _verb_name in ("get", "post", "put", "patch", "delete", "del", "head"):

        def _by_verb(run: Witness, call: Invocation) -> Value:
            first = call.arg(0)
            response = run.request(call.name.upper(), _url(first), [first, *call.args[1:]], call.line)
            run_all(run, call, [Value(), response, response], 1)
            if call.ref.startswith("superagent."):
                response.ref = "request"  # what is sent is said in the calls that follow
            return response

        TABLE[f"{_library}.{_verb_name}"] = _by_verb


@effect("navigator.sendBeacon")
def _beacon(run: Witness, call: Invocation) -> Value:
    run.request("POST", call.arg(0), call.args[1:], call.line)
    return Value()


@effect(
    "WebSocket", "ws", "ws.WebSocket", "socket.io-client", "socket.io-client.io", "http2.connect",
)  # fmt: skip
def _socket_url(run: Witness, call: Invocation) -> Value:
    if call.ref == "http2.connect":
        return Value(ref="websocket", taint=_NET, fields={"#url": call.arg(0)})
    run.request("GET", call.arg(0), [], call.line)
    return Value(ref="websocket", taint=_NET)


@effect("websocket.request")
def _http2(run: Witness, call: Invocation) -> Value:
    """A stream of a session of HTTP/2, whose head says what is asked for."""
    head = call.arg(0)
    verb, path = _field(head, ":method"), _field(head, ":path")
    base = _field(call.receiver, "#url") if call.receiver is not None else Value()
    url = const(base.text().rstrip("/") + (path.text() if path.consts else "/"), base.taint | path.taint)
    run.request(verb.text().upper() if verb.consts else "GET", url, [head], call.line)
    return Value(ref="request", taint=_NET)


@effect("stream.pipeline")
def _pipeline(run: Witness, call: Invocation) -> Value:
    """Streams one into the next; what is called at the end is told nothing of what passed."""
    given = (call.arg(0).items if len(call.args) == 1 else None) or call.args
    streams = [one for one in given if one.func is None]
    for one, into in pairwise(streams):
        piped(run, one, into, call.line)
    run_all(run, call, [])
    return Value()


@effect("XMLHttpRequest")
def _xhr(run: Witness, call: Invocation) -> Value:
    return Value(ref="xhr", taint=_NET)


@effect("xhr.open")
def _xhr_open(run: Witness, call: Invocation) -> Value:
    verb = call.arg(0).text().upper() if call.arg(0).consts else "GET"
    run.request(verb, call.arg(1), [], call.line)
    return Value()


@effect("xhr.send")
def _xhr_send(run: Witness, call: Invocation) -> Value:
    run.sent(call.args, call.line)
    return Value()


@effect(
    "net.connect", "net.createConnection", "tls.connect", "net.Socket().connect",
)  # fmt: skip
def _connect(run: Witness, call: Invocation) -> Value:
    first = call.arg(0)
    if first.fields:
        run.connect(_field(first, "host", "hostname"), _field(first, "port"), call.line)
    else:
        run.connect(call.arg(1), first, call.line)
    if call.receiver is not None and call.receiver.ref.startswith("net.Socket()"):
        call.receiver.ref, call.receiver.taint = "socket", _NET
        changed()
    made = Value(ref="socket", taint=_NET)
    for value in call.args[1:]:
        if value.func is not None:
            run.later.append((value, made, call.line, run.when))
    return made


@effect("net.Socket")
def _socket(run: Witness, call: Invocation) -> Value:
    return Value(ref="net.Socket()")


@effect("dgram.createSocket().send")
def _datagram(run: Witness, call: Invocation) -> Value:
    numbers = [a for a in call.args[1:] if a.consts and isinstance(a.consts[0], int)]
    hosts = [a for a in call.args[1:] if a.consts and isinstance(a.consts[0], str)]
    if hosts:
        run.connect(hosts[-1], numbers[-1] if numbers else None, call.line)
    run.sent(call.args[:1], call.line)
    return Value()


def _dns(name: str, form: str) -> None:
    def look(run: Witness, call: Invocation) -> Value:
        typed = call.arg(1).text() if call.arg(1).consts and call.ref.endswith("resolve") else form
        answer = run.lookup(call.arg(0), call.line, typed)
        run_all(run, call, [Value(), answer], 1)
        return answer

    TABLE[f"dns.{name}"] = look
    TABLE[f"dns.Resolver().{name}"] = look


_FORMS = {
    "lookup": "",
    "resolve": "",
    "resolve4": "",
    "resolve6": "",
    "resolveTxt": "TXT",
    "resolveAny": "ANY",
}
_FORMS |= {"resolveMx": "MX", "resolveCname": "CNAME", "resolveSrv": "SRV"}
for _one, _form in _FORMS.items():
    _dns(_one, _form)


@effect("URL", "url.URL", "url.parse")
def _parsed(run: Witness, call: Invocation) -> Value:
    first, base = call.arg(0), call.arg(1)
    start = base.text() if len(base.consts) == 1 else ""
    if call.ref == "url.parse" or not first.consts:
        return Value(consts=first.consts, taint=first.taint)
    texts = tuple(first.texts())
    if start.lower().startswith(("https://", "http://", "ws://", "wss://")):
        texts = tuple(text if text.startswith(HOLE) else urljoin(start, text) for text in texts)
    asked = {"searchParams": Value(ref="URLSearchParams()")}
    return Value(texts, "URL()", first.taint | base.taint, fields=asked)


@effect("URL().toString", "URL().toJSON")
def _told(run: Witness, call: Invocation) -> Value:
    """An address as a text, with what was put into it."""
    whole = call.receiver if call.receiver is not None else Value()
    return Value(whole.consts, taint=whole.all_taint())


@effect("FormData().submit")
def _submitted(run: Witness, call: Invocation) -> Value:
    sent = [call.receiver] if call.receiver is not None else []
    return run.request("POST", _url(call.arg(0)), sent, call.line)


@effect(
    "nodemailer.createTransport().sendMail", "node-telegram-bot-api().sendMessage",
    "node-telegram-bot-api().sendDocument", "discord.js.WebhookClient().send", "ssh2-sftp-client().put",
    "ssh2-sftp-client().fastPut", "basic-ftp.Client().uploadFrom", "ftp().put",
)  # fmt: skip
def _handed_over(run: Witness, call: Invocation) -> Value:
    """A client of mail, of a messenger or of files sends what it is given."""
    files = call.ref.endswith(("ut", "uploadFrom", "sendDocument"))
    run.sent([*call.args, *([run.read_file(call.arg(0), call.line)] if files else [])], call.line)
    return Value()
