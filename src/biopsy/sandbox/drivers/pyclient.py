"""A session of HTTP as a caller has one: used by pymade.py, and by bystander.py where somebody changed it.

What is given a session may have it say more, or stand in for what sends. It is no library's own: it has what
sessions of all of them have, sends by the standard library, and answers to every other wish with nothing.
"""

import json
import types
import urllib.parse
import urllib.request

MADE = []  # the sessions that were handed out
MAX_MADE = 200
MAX_SENT = 12  # requests that one of them sends
TIME = 2.0  # seconds that one of them takes


class Session:
    """What requests are made with; `changed` is whether somebody put something of his into it."""

    def __init__(self):
        self.headers, self.cookies, self.params, self.proxies = {}, {}, {}, {}
        self.auth, self.verify, self.trust_env = None, True, True
        self.hooks = {"response": []}
        self.event_hooks = {"request": [], "response": []}
        self.adapters, self.count = {}, 0
        self.first = set(vars(self)) | {"first"}
        if len(MADE) < MAX_MADE:
            MADE.append(self)

    @property
    def changed(self):
        """Whether a way of sending was replaced, or something hangs on to it."""
        hung = (*self.hooks.values(), *self.event_hooks.values(), self.adapters)
        return bool(set(vars(self)) - self.first) or callable(self.auth) or any(hung)

    def request(self, method, url, data=None, json=None, headers=None, **named):
        """Make a request and send it."""
        return self.send(
            self.prepare_request(_request(method, url, data, json, {**self.headers, **(headers or {})}))
        )

    def prepare_request(self, request):
        """Give the request as it is sent, signed by who signs."""
        return (self.auth(request) or request) if callable(self.auth) else request

    def send(self, request, **named):
        """Send it; raise OSError where that fails."""
        self.count += 1
        if self.count > MAX_SENT:
            raise OSError("connection reset")
        for hook in self.event_hooks.get("request", ()):
            hook(request)
        headers = {str(name): str(text) for name, text in request.headers.items()}
        asked = urllib.request.Request(request.url, request.body, headers, method=request.method)
        with urllib.request.urlopen(asked, timeout=TIME) as answer:
            content = answer.read(1 << 20)
            response = types.SimpleNamespace(
                status_code=answer.status, ok=True, content=content, request=request
            )
        response.text, response.url, response.headers = content.decode("utf-8", "replace"), request.url, {}
        response.json, response.raise_for_status = (lambda **_: _json.loads(content)), (lambda: None)
        hooks = self.hooks.get("response", ())
        for hook in (
            *(hooks if isinstance(hooks, (list, tuple)) else [hooks]),
            *self.event_hooks.get("response", ()),
        ):
            response = hook(response) or response
        return response

    def mount(self, prefix, adapter):
        """Have another send what begins so."""
        self.adapters[prefix] = adapter

    def close(self):
        """Do nothing: nothing is held."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


_json = json
for _method in ("get", "post", "put", "patch", "delete", "head", "options"):
    setattr(
        Session,
        _method,
        lambda self, url, *some, _method=_method.upper(), **named: self.request(_method, url, *some, **named),
    )


def _request(method, url, data, packed, headers):
    if packed is not None:
        data, headers = _json.dumps(packed), {"Content-Type": "application/json", **headers}
    if isinstance(data, dict):
        data = urllib.parse.urlencode(data)
    body = data.encode() if isinstance(data, str) else data if isinstance(data, bytes) else None
    return types.SimpleNamespace(method=method.upper(), url=str(url), headers=headers, body=body)
