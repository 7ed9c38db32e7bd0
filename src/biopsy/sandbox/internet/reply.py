"""What HTTP requests are answered, as data: `replies/*.yml`, one file per service, found by their place.

    service: What it stands for
    rules:
      - hosts: [api.example, "*.api.example"]   # globs over the host; none: every host
        paths: ["/v1/*"]                        # globs over path and query, * crosses slashes; none: all
        methods: [GET]                          # none: every method
        headers: {user-agent: "curl/*"}         # globs over request headers, all of them
        token: ["planted *"]                   # globs over the credential's word: see `presented`
        sends: {method: eth_call}               # globs over fields of the JSON that was sent, all of them
        turn: 0                                 # 0: the first, third, … time it is asked; 1: the others
        first: 3                                # only the first three times
        always: true                            # on the host of a registry, too, instead of what that says
        revokes: 3                              # a planted credential is revoked once this answered thrice
        status: 200
        kind: application/json                  # the Content-Type
        add: {x-served-by: "${host}"}           # response headers
        body: text with ${variables}            # or `json:` (a structure) or `make:` (a maker of `parcel`)

The first rule that matches answers; rules that name hosts come before those that do not, and files are read
in the order of their names. Variables: `host`, `path`, `last` (of the path), `caller` (the sandbox's public
address), `origin` (scheme, host and port), `now` (RFC 3339), `id` and `number` (fresh), `code` (tagged),
`lead` (a URL on a second host, which nobody else names; both also as `code:base64`, `lead:hex` or
`lead:abi`, as Ethereum encodes strings), `accept` (of a WebSocket's key), `pushed` (what git hears after a
push), `canary:NAME` and `body:NAME` (a field of the JSON that was sent, which keeps its type where it is
the whole of a string in `json:`). A batch of JSON-RPC is answered in kind. docs/internet.md shows how to
write one.
"""

import fnmatch
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path

import msgspec
import yaml

from biopsy.sandbox.internet import parcel, tag
from biopsy.sandbox.internet.leads import formed
from biopsy.sandbox.internet.presented import Wallet

FOLDER = Path(__file__).parent / "replies"
MAX_JSON = 1024**2
"""Longest body, in bytes, that is read as JSON."""
MAX_BATCH = 100
"""Calls of one JSON-RPC batch that are answered."""

_VARIABLE = re.compile(r"\$\{([a-z]+)(?::([A-Za-z0-9._-]+))?\}")


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A way to answer. The module's docstring says what the fields mean."""

    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: dict[str, str] = {}
    sends: dict[str, str] = {}
    token: tuple[str, ...] = ()
    turn: int | None = None
    first: int = 0
    always: bool = False
    revokes: int = 0
    status: int = 200
    kind: str = ""
    add: dict[str, str] = {}
    body: str = ""
    json: object = None
    make: str = ""


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of replies."""

    service: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Asked:
    """An HTTP request, as far as an answer may depend on it. Header names are in lower case."""

    method: str
    host: str
    path: str  # with the query
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    turn: int = 0  # how often the same was asked before
    origin: str = ""  # scheme, host and port, as in a URL
    token: str = "none"  # noqa: S105 - the word for the credential it presents

    @cached_property
    def sent(self) -> object:
        """The JSON that was sent, or nothing."""
        try:
            return json.loads(self.body) if len(self.body) <= MAX_JSON else None
        except (ValueError, RecursionError):
            return None

    def field(self, name: str) -> object:
        """A field of the JSON object that was sent, or an empty string."""
        return self.sent.get(name, "") if isinstance(self.sent, dict) else ""

    @property
    def last(self) -> str:
        """The last component of the path."""
        return self.path.partition("?")[0].rstrip("/").rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Made:
    """An answer, ready to be sent. `token` marks the bytes that a package could execute."""

    status: int
    kind: str
    body: bytes
    add: tuple[tuple[str, str], ...] = ()
    token: str = ""


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(glob.lower()))


def _fits(globs: tuple[str, ...], text: str) -> bool:
    return not globs or any(_pattern(glob).match(text.lower()) for glob in globs)


def matches(rule: Rule, asked: Asked) -> bool:
    """Whether `rule` answers `asked`."""
    return (
        (not rule.methods or asked.method in rule.methods)
        and _fits(rule.hosts, asked.host)
        and _fits(rule.paths, asked.path)
        and all(_fits((glob,), asked.headers.get(name, "")) for name, glob in rule.headers.items())
        and all(_fits((glob,), str(asked.field(name))) for name, glob in rule.sends.items())
        and _fits(rule.token, asked.token)
        and (rule.turn is None or rule.turn == asked.turn % 2)
        and (not rule.first or asked.turn < rule.first)
    )


def load(folder: Path = FOLDER) -> tuple[Rule, ...]:
    """Read every file of replies, rules with hosts first."""
    rules: list[Rule] = []
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path in sorted(folder.glob("*.yml")):
        data = yaml.load(path.read_text("utf-8"), Loader=loader)  # noqa: S506 - a safe loader, the C one
        rules += msgspec.convert(data, Service).rules
    return tuple(sorted(rules, key=lambda rule: not rule.hosts))


class Replies:
    """Answers every request of a run."""

    def __init__(
        self,
        rules: tuple[Rule, ...],
        tags: tag.Tags,
        variables: Mapping[str, Callable[[Asked, str], str]],
        wallet: Wallet | None = None,
        makers: Mapping[str, parcel.Maker] = parcel.MAKERS,
    ) -> None:
        """Answer by `rules`; bodies may name `variables` (`variables.of`), `wallet` knows what is planted.

        `makers` make what a rule's `make` calls for.
        """
        self._makers = makers
        self._wallet = wallet or Wallet(())
        self._rules = rules
        self._tags = tags
        self._variables = variables

    def always(self, asked: Asked) -> bool:
        """Whether `asked` is answered here, though it is on the host of a registry."""
        asked = self._known(asked)
        return any(rule.always and matches(rule, asked) for rule in self._rules)

    def _known(self, asked: Asked) -> Asked:
        return replace(asked, token=self._wallet.presented(asked.headers, asked.path))

    def to(self, asked: Asked) -> Made:
        """The answer to `asked`: that of the first rule which matches, else an empty 404."""
        asked = self._known(asked)
        calls = asked.sent
        if isinstance(calls, list) and calls and all(isinstance(c, dict) and "jsonrpc" in c for c in calls):
            each = [self._to(replace(asked, body=json.dumps(call).encode())) for call in calls[:MAX_BATCH]]
            return replace(each[0], body=b"[" + b",".join(made.body for made in each) + b"]")
        return self._to(asked)

    def _to(self, asked: Asked) -> Made:
        rule = next((rule for rule in self._rules if matches(rule, asked)), Rule(status=404))
        token = ""
        if rule.revokes:
            self._wallet.use(asked.token, rule.revokes)

        def value(match: re.Match[str]) -> str:
            nonlocal token
            if match[1] == "code":
                token = token or self._tags.token()
                return formed(tag.code(token), match[2] or "")
            make = self._variables.get(match[1])
            return make(asked, match[2] or "") if make else match[0]

        kind = rule.kind
        if rule.make:
            token = self._tags.token()
            body = self._makers[rule.make](token, asked.last)
        elif rule.json is not None:
            body = json.dumps(_filled(rule.json, value, asked)).encode("utf-8", "replace")
            kind = kind or "application/json; charset=utf-8"
        else:
            body = _VARIABLE.sub(value, rule.body).encode("utf-8", "replace")
        add = tuple((name, _VARIABLE.sub(value, text)) for name, text in rule.add.items())
        return Made(rule.status, kind or "text/plain; charset=utf-8", body, add, token)


def _filled(data: object, value: Callable[[re.Match[str]], str], asked: Asked) -> object:
    match data:
        case str() if (whole := _VARIABLE.fullmatch(data)) and whole[1] == "body":
            return asked.field(whole[2] or "")
        case str():
            return _VARIABLE.sub(value, data)
        case dict():
            return {name: _filled(one, value, asked) for name, one in data.items()}
        case list():
            return [_filled(one, value, asked) for one in data]
        case _:
            return data
