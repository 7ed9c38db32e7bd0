r"""Behaviour: a fact about a release, with the place where it was seen; and its one text form.

    file.read /home/ada/.npmrc @ laptop/install#41       seen in a run: profile / phase # position in it
    code.eval exec @ setup.py:12                         seen in a file, at a line
    code.eval exec @ setup.py:12 (install)               …in code that runs at that moment
    code.eval exec @ x/_vendor/y.py:3 (import, vendored) …in a copy of somebody else's code, by its path
    pkg.hook npm:postinstall node x.js @ package.json    seen in a file as a whole
    pkg.release newest @ registry                        seen in what the registry says

`Behaviour.parse` and `str` are inverse. A value holds no control character and no " @ ": both are escaped
as `\xNN`, the backslash as `\\`, so that a hostile file name cannot forge a second behaviour.
"""

import re
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import force_setattr

from biopsy.model.regex import regex
from biopsy.model.vendored import vendored

MAX_VALUE = 4096
"""Longest value, in characters; what is longer ends in `…` (a limit on what hostile input can store)."""


class Kind(StrEnum):
    """The closed vocabulary. The word before the dot is the family."""

    FILE_READ = "file.read"  # path opened for reading, or found unreadable: path
    FILE_WRITE = "file.write"  # path created or changed, or refused where it rules the machine: path
    FILE_DELETE = "file.delete"  # path
    FILE_STORE = "file.store"  # place of a known class, named in the code: `browser Login Data` (stores.txt)
    PROCESS_EXEC = "process.exec"  # command line, shell-quoted
    PROCESS_CRASH = "process.crash"  # a process died of a signal: `SIGSEGV python3 …`
    PROCESS_DOES = "process.does"  # what a command line is for, by its form: `reverse-shell bash`
    NET_DNS = "net.dns"  # name asked for; other types than A and AAAA follow: `x.example TXT`
    NET_CONNECT = "net.connect"  # host:port, the name that was looked up where there was one
    NET_LISTEN = "net.listen"  # address:port
    NET_HTTP = "net.http"  # METHOD url
    NET_SEND = "net.send"  # raw bytes: `tcp host:port` or `udp host:port`
    NET_URL = "net.url"  # a URL standing in the code or a decoded string
    NET_SERVICE = "net.service"  # host of a known class, named in the code: `tunnel x.example` (hosts.txt)
    NET_ADDRESS = "net.address"  # a public IP address standing in the code
    CODE_EVAL = "code.eval"  # evaluator: exec, eval, Function, vm.runInNewContext, …
    CODE_DECODE = "code.decode"  # decoder that was applied or peeled: base64, hex, zlib, marshal, …
    CODE_FLOW = "code.flow"  # `source > sink`: env, secret, host, network, decoded > network, execution, dns
    CODE_IMPORT = "code.import"  # import of a computed name
    CODE_NATIVE = "code.native"  # native code: `ELF path`, `imports execve`, `offers x`, `ctypes.CDLL libc`
    CODE_OBFUSCATED = "code.obfuscated"  # technique: string-array, long-line, identifiers, …
    CODE_REMOTE = "code.remote"  # bytes that came from this URL were executed
    CODE_PATCH = "code.patch"  # attribute of another module replaced
    CODE_WALLET = "code.wallet"  # wallet whose checksum holds (model/wallet.py): `BTC 1…`, `ETH 0x…`
    CODE_TOKEN = "code.token"  # noqa: S105 - a credential in the code: `telegram 123456:AA…`
    ENV_READ = "env.read"  # variable; `*` is the whole environment
    ENV_HOST = "env.host"  # fact about the host or user: hostname, username, platform, mac, cpus, …
    PKG_HOOK = "pkg.hook"  # code that runs by itself: `setup.py`, `npm:postinstall node x.js`, `pth x.pth`
    PKG_ENTRY = "pkg.entry"  # command that is installed: `console_scripts name=module:f`, `bin name=x.js`
    PKG_DEPENDENCY = "pkg.dependency"  # requirement as written
    PKG_CONFIG = "pkg.config"  # setting for a tool that the package carries: `npmrc registry=…`
    PKG_CONTENT = "pkg.content"  # what the files are, counted: `links 240 of 1 host`, `token-farm tea.yaml`
    PKG_RELEASE = "pkg.release"  # what the registry says: first, newest, yanked, deprecated, `young 3 d`, …
    PKG_NAME = "pkg.name"  # what the name resembles: `typosquat requests`, `internal corp-x`, …
    PKG_VERSION = "pkg.version"  # odd version: `jump 1.2.3 > 99.0.0`, `absurd 99.0.0`, `zero 0.0.0`, …
    PKG_MAINTAINER = "pkg.maintainer"  # who: `new alice`, `gone bob`, `first-release-by alice`, …
    PKG_PROVENANCE = "pkg.provenance"  # how it was published: present, gone, `gone trusted-publisher`, …
    PKG_MANIFEST = "pkg.manifest"  # registry's against archive's, this release's against the last: `hidden …`
    PKG_DESCRIPTION = "pkg.description"  # what it says of itself: empty, `copied requests`, no-repository, …
    PKG_DIFFERS = "pkg.differs"  # another artifact of this release does not hold this code: `added x/y.py`
    PKG_MALFORMED = "pkg.malformed"  # a file that did not parse: `setup.py SyntaxError`
    ARCHIVE_ESCAPE = "archive.escape"  # member that would land outside
    ARCHIVE_LINK = "archive.link"  # `path -> target`
    ARCHIVE_DEVICE = "archive.device"  # device, fifo, socket
    ARCHIVE_DUPLICATE = "archive.duplicate"  # same name twice, or apart only by case
    ARCHIVE_NAME = "archive.name"  # odd name: control characters, too long, reserved
    ARCHIVE_BOMB = "archive.bomb"  # which limit was met: `total 512 MiB`
    ARCHIVE_HIDDEN = "archive.hidden"  # member that one reader of the format sees and another does not
    ARCHIVE_DAMAGED = "archive.damaged"  # could not be read to its end: why
    ARCHIVE_NESTED = "archive.nested"  # archive in the package: `zip path`, `encrypted path`, `unread 7z path
    DATA_PAYLOAD = "data.payload"  # hidden in data: `zip after png`, `python in base64`, `flow env > network`
    TEXT_AGENT = "text.agent"  # text that speaks to a coding agent: `override`, `run-command`, `secrecy`
    CANARY_READ = "canary.read"  # a planted credential was opened: its name
    CANARY_LEAK = "canary.leak"  # `name > host:port as encoding`: it left the sandbox
    CANARY_SWAP = "canary.swap"  # `page > 0x…`: an account that somebody was to pay had become another: where
    EVASION_HIDDEN = "evasion.hidden"  # code where nobody looks: off-screen, bidi, invisible, …
    EVASION_SLEEP = "evasion.sleep"  # seconds
    EVASION_FINGERPRINT = "evasion.fingerprint"  # what was looked at, to recognise a sandbox
    EVASION_TRACER = "evasion.tracer"  # tries to blind or flood whoever watches, or to get out
    DIFFERS_CLOCK = "differs.clock"  # only once so much time had passed: `48h net.http GET https://…`
    DIFFERS_AGAIN = "differs.again"  # only when started again later, on the used disk: `3d net.http GET …`
    DIFFERS_ONCE = "differs.once"  # …and what it then did no more: `3d net.http GET https://…`
    DIFFERS_PROFILE = "differs.profile"  # only on this machine of several: `laptop net.http GET …`

    @property
    def family(self) -> str:
        """The word before the dot."""
        return self.value.partition(".")[0]


class When(StrEnum):
    """The moment at which code in a file runs, as far as reading can tell."""

    INSTALL = "install"
    START = "start"  # at every start of the interpreter
    IMPORT = "import"
    CALL = "call"
    TEST = "test"
    DOCS = "docs"
    UNKNOWN = ""


class By(StrEnum):
    """Whose doing a behaviour is."""

    PACKAGE = "package"
    DEPENDENCY = "dependency"
    TOOL = "tool"  # pip, npm, node-gyp, a compiler


class InFile(Struct, frozen=True):
    """In a file of the tree; line 0 means the file as a whole."""

    path: str
    line: int = 0
    when: When = When.UNKNOWN

    @property
    def vendored(self) -> bool:
        """Whether its path is that of a copy of somebody else's code: its author's word, and no excuse."""
        return vendored(self.path)

    @property
    def context(self) -> tuple[str, ...]:
        """Where in the code it stands, in words: the moment, as far as it is known, and `vendored`."""
        return (*((self.when.value,) if self.when else ()), *(("vendored",) if self.vendored else ()))

    def __str__(self) -> str:
        """`path`, `path:line`, `path:line (when)`, `path:line (when, vendored)`."""
        line = f":{self.line}" if self.line else ""
        context = f" ({', '.join(words)})" if (words := self.context) else ""
        path = _PLACE.sub(lambda m: f"\\x{ord(m[0]):02x}", escape(self.path))
        return f"{path}{line}{context}"


class InTrace(Struct, frozen=True):
    """In a run: `seq` orders everything seen under one profile, whatever the phase. No profile means any."""

    phase: str
    seq: int
    profile: str = ""

    def __str__(self) -> str:
        """`profile/phase#seq` or `phase#seq`."""
        profile = f"{self.profile}/" if self.profile else ""
        return f"{profile}{self.phase}#{self.seq}"


class InRegistry(Struct, frozen=True):
    """In the registry's own answer about the release."""

    def __str__(self) -> str:
        """Always `registry`."""
        return "registry"


Where = InFile | InTrace | InRegistry

_TRACE = regex(r"(?:([a-z0-9][a-z0-9-]*)/)?([a-z][a-z0-9-]*)#(\d{1,12})")
_CONTEXTS = {
    "vendored": When.UNKNOWN,
    **{f"{when}{more}": when for when in When if when for more in ("", ", vendored")},
}
"""What may stand in brackets behind a place in a file, and the moment that it says."""
_MAX_DIGITS = 9  # of the number of a line
_ODD = regex(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\\]|(?<= )@(?= )")
_PLACE = regex(r"[:#]|(?<= )\(|\Ar(?=egistry\Z)")  # what would make a path read as another place
_ESCAPE = regex(r"\\(?:\\|x([0-9a-f]{2})|u([0-9a-f]{4}))")


def escape(text: str) -> str:
    r"""Make `text` safe to stand in one line: control and direction characters, `\` and ` @ ` are escaped."""

    def one(match: re.Match[str]) -> str:
        char = match[0]
        if char == "\\":
            return "\\\\"
        return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"

    return _ODD.sub(one, text)


def unescape(text: str) -> str:
    """Undo `escape`."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda m: chr(int(m[1] or m[2], 16)) if m[1] or m[2] else "\\", text)


_KINDS = {kind.value: kind for kind in Kind}


def parse_where(text: str) -> Where:
    """Read a place; raise ValueError where it is none.

    `vendored` follows from the path, so it is read and forgotten: what older versions kept does without it.
    """
    if text == "registry":
        return InRegistry()
    if "#" in text and (match := _TRACE.fullmatch(text)):
        return InTrace(match[2], int(match[3]), match[1] or "")
    return _in_file(text)


@lru_cache(maxsize=16_384)
def _in_file(text: str) -> InFile:
    """Read a place in a file; the same few places are named again and again."""
    path, when = text, When.UNKNOWN
    if text.endswith(")"):
        head, bracket, words = text[:-1].rpartition(" (")
        if bracket and words in _CONTEXTS:
            path, when = head, _CONTEXTS[words]
    head, _, digits = path.rpartition(":")
    line = 0
    if len(digits) < len(path) and len(digits) <= _MAX_DIGITS and digits.isdecimal():
        path, line = head, int(digits)
    if not path:
        raise ValueError(f"not a place: {text!r}")
    return InFile(unescape(path), line, when)


class Behaviour(Struct, frozen=True, eq=False):
    """A fact about a release, never a judgement: rules judge.

    `value` is normalised to mean the same in every ecosystem. Two behaviours are equal when their text is.
    `process` is the id of a `Process` of the dossier, `time` is in seconds since the run began, `detail` is
    for people (an excerpt of a body, the decoded text) and no rule reads it.
    """

    kind: Kind
    value: str
    where: Where
    process: int | None = None
    time: float | None = None
    by: By = By.PACKAGE
    owner: str = ""  # which dependency, which tool
    detail: str = ""

    def __post_init__(self) -> None:
        """Hold the value to its limit."""
        if len(self.value) > MAX_VALUE:
            force_setattr(self, "value", self.value[: MAX_VALUE - 1] + "…")

    def __eq__(self, other: object) -> bool:
        """Whether the other one's text is the same."""
        if not isinstance(other, Behaviour):
            return NotImplemented
        return self.value == other.value and self.kind == other.kind and self.where == other.where

    def __hash__(self) -> int:
        """Of what its text says."""
        return hash((self.kind, self.value, self.where))

    def __str__(self) -> str:
        """The one text form: `kind value @ where`."""
        return f"{self.kind} {escape(self.value)} @ {self.where}"

    @classmethod
    def parse(  # noqa: PLR0917 - a hundred thousand at a time: names would cost
        cls,
        text: str,
        process: int | None = None,
        time: float | None = None,
        by: By = By.PACKAGE,
        owner: str = "",
        detail: str = "",
    ) -> "Behaviour":
        """Read the text form, with what it leaves out; raise ValueError, saying what is wrong with it."""
        head, at, place = text.rpartition(" @ ")
        kind, space, value = head.partition(" ")
        if not at or not space:
            raise ValueError(f"not a behaviour (`kind value @ where`): {text!r}")
        known = _KINDS.get(kind)
        if known is None:
            raise ValueError(f"no such kind of behaviour: {kind!r}")
        return cls(known, unescape(value), parse_where(place), process, time, by, owner, detail)
