"""The interpreter that writes down what it sees, in words common to all languages."""

import shlex
from collections import Counter
from collections.abc import Iterable

from biopsy.model.behaviour import Kind, When
from biopsy.model.regex import regex
from biopsy.static import commands, decode
from biopsy.static.code import contents, fed, handed, project
from biopsy.static.code.interpret import Interpreter, Language
from biopsy.static.code.link import Linker, Shared
from biopsy.static.code.state import MAX_LOOPS
from biopsy.static.code.value import CLEAN, HOLE, Value, changed, const, merge, shown, union
from biopsy.static.concealed import concealed
from biopsy.static.secrets import is_secret_name, is_secret_path
from biopsy.static.sight import SCRIPTS, Layer, Part, Sight, Source, guess

_PYC = b"\xa7\r\r\n" + bytes(12)  # the head of a file of byte code, which is what marshalled code lacks
MIN_DECODED = 24  # bytes from which a decoded literal is a blob, whose execution is worth a flow
MAX_SIGHTS = 800  # of one kind, in one file
MAX_OPENED = 20  # files whose content is remembered
MAX_HASHED = 500  # digests of one file that are remembered
MAX_WRITTEN = 2000  # files of a package that are known to hold what may be run
MAX_ORIGINS = 5000  # places of a package where a flow may start

_HOMES = {"HOME": "~", "USERPROFILE": "~", "APPDATA": "~/AppData/Roaming", "LOCALAPPDATA": "~/AppData/Local",
          "CARGO_HOME": "~/.cargo", "COMPOSER_HOME": "~/.composer",
          "TEMP": "/tmp/?", "TMPDIR": "/tmp/?", "XDG_CONFIG_HOME": "~/.config", "HOMEPATH": "~"}  # fmt: skip  # noqa: S108


_OBJECTS = frozenset(
    {
        "response",
        "request",
        "websocket",
        "xhr",
        "socket",
        "content",
        "process",
        "compiled",
        "native",
        "promise",
    }
    | {"decipher", "worker", "environment", "loader", "Error", "super", "this", "self", "object"}
)
"""What stands for things that a package makes itself."""


_SHELL = regex(r"(?i)(?:\S*[/\\])?(?:(?:ba|da|z|k)?sh|cmd(?:\.exe)?|powershell(?:\.exe)?)(?: -i)?")
_OUTSIDE = frozenset({"network", "dns"})
_SELF = frozenset({"data:self"})
_ALL = frozenset({"env:*", "keys env:*"})
_WHOLE = frozenset({"os.environ", "process.env"})
_VARIABLE = regex(r"[A-Z][A-Z0-9_]+|npm_\w+|(?:https?|no|all)_proxy")
RUNNABLE = frozenset({"network", "decoded", "verified"})
_KEPT = RUNNABLE | {"request"}


class Witness(Interpreter):
    """Reads one source."""

    def __init__(self, language: Language, source: Source, steps: int, linker: Linker | None = None) -> None:
        """Prepare to run `source`, lowered, in at most `steps` steps, as a module of what `linker` knows."""
        super().__init__(language, source, steps)
        self.linker = linker if source.when not in {When.TEST, When.DOCS} else None
        self.shared = linker.shared if linker is not None else Shared()
        self.written = self.shared.written
        self.sights: dict[Sight, None] = {}
        self._counts: Counter[Kind] = Counter()
        self._hashed: dict[str, list[Value]] = {}
        self.opened_files: list[str | bytes] = []  # of the package itself, which anybody may read there
        if source.when in {When.TEST, When.DOCS}:  # what nobody runs unasked is worth less time
            self.steps, self.loops = self.shared.share(self.steps // 4), MAX_LOOPS - MAX_LOOPS // 12
        self.given = self.steps

    def see(self, kind: Kind, value: str, line: int, detail: str = "") -> None:
        """Write a behaviour down. Each kind has its own limit, so that none can crowd out another."""
        sight = self.source.see(kind, shown(value).strip() or "?", line, self.when, detail)
        if sight in self.sights:
            return
        self._counts[kind] += 1
        if self._counts[kind] <= MAX_SIGHTS:
            self.sights[sight] = None
        else:
            self.limits.setdefault(f"too-many {kind}", line)

    def born(self, taints: "Iterable[str]", line: int) -> None:
        """Remember where something that a flow may start from was first seen."""
        for taint in taints:
            if len(self.shared.origins) < MAX_ORIGINS:
                self.shared.origins.setdefault(taint, f"{self.source.path}:{line}")

    def chain(self, taint: str, line: int) -> str:
        """How a source came to here: where it was seen, and the calls since."""
        here = f"{self.source.path}:{line}"
        steps = [s for s in dict.fromkeys([self.shared.origins.get(taint, ""), *self.trail[-6:], here]) if s]
        return " > ".join(steps) if len(steps) > 1 else ""

    def peel(self, data: str | bytes, line: int, language: str = "", *, runs: bool = True) -> None:
        """Leave a decoded text to the readers; `runs` says whether it is known to be run."""
        text = data if isinstance(data, str) else decode.readable(data)
        if text and len(text) > 2 and HOLE not in text[:2000]:
            hidden = runs and concealed(text, (self.source.text, *self.opened_files))
            when = self.when if runs else When.UNKNOWN
            near = getattr(
                self.language, "near", ""
            )  # what a text is where it does not look like anything else
            self.sights[Layer(text, language or guess(text, near), line, when, hidden)] = None

    def compared(self, values: list[Value], line: int) -> None:
        """What tells one machine from another is looked at, or a digest is checked."""
        if self._hashed and len(values) > 1:
            self._verified(values)
        taints = union([v.taint for v in values])
        for taint in sorted(taints) if taints else ():
            if taint.startswith(("host:", "fact:")):
                self.see(Kind.EVASION_FINGERPRINT, taint[5:], line)

    # flows

    def flow(self, sink: str, values: list[Value], line: int, detail: str = "") -> None:
        """Write down every source that reaches a sink."""
        taints = union([v.all_taint() for v in values])
        if not taints:
            return
        if sink == "network" and "env:*" in taints:
            self.see(Kind.ENV_READ, "*", line)
        for taint in sorted(taints):
            if sink in _OUTSIDE and taint.startswith(("env:", "file:", "host")):
                name = taint.partition(":")[0] if taint.startswith("host") else taint
                told = "; ".join(s for s in (detail, self.chain(taint, line)) if s)
                self.see(Kind.CODE_FLOW, f"{name} > {sink}", line, told)
            elif sink == "execution" and taint in RUNNABLE:
                told = "; ".join(s for s in (detail, self.chain(taint, line)) if s)
                self.see(Kind.CODE_FLOW, f"{taint} > execution", line, told)

    def patch(self, ref: str, name: str, line: int) -> None:
        """A function is put into another module; into the package's own is no matter."""
        top = ref.partition(".")[0]
        own = self.source.path.split("/")[:-1]
        if top not in _OBJECTS and top.replace("_", "-") not in {p.replace("_", "-") for p in own}:
            self.see(Kind.CODE_PATCH, f"{ref}.{name}", line)

    # execution

    def command(self, command: Value, line: int, rest: Value | None = None) -> Value:
        """A process is started; the result is its output."""
        if command.other:
            forms = [Value(items=command.items, taint=command.taint), *command.other]
            return merge([self.command(one, line, rest) for one in forms])
        values = [command, *([rest] if rest else [])]
        texts = self._commands(command, rest)
        for text in texts:
            self.see(Kind.PROCESS_EXEC, text, line)
            for kind, value in commands.read(text):
                self.see(kind, value, line)
            for language, code in commands.inline(text):
                self.peel(code, line, language)
        for language, code in commands.handed([w.text() for w in self._words(command, rest)]):
            self.peel(code, line, language)
        for text in texts:
            for path, taint in self.written.items():
                if len(path) > 3 and (path in text or handed.named(path, text)):
                    values.append(Value(taint=taint))
            for path, held in handed.texts(self).items():
                if len(path) > 3 and path in text:
                    self.peel(held, line, commands.interpreter(text))
        if any(commands.talks(t) for t in texts):
            self.flow("network", values, line, detail=shown(texts[0]) if texts else "")
        self.flow("execution", values, line)
        fed.ordered(self, command, line)
        packed = [f"file:{path}" for text in texts[:20] for path in commands.packed(text)]
        self.born(packed, line)
        made = Value(ref="process", taint=self._output(texts).union(packed, *map(fed.marks, texts[:20])))
        if fed.MARK + fed.CLIPBOARD in made.taint:
            fed.give(self, made, values, line)  # `echo x | xclip`, and what is given with the command
        return made

    def _words(self, command: Value, rest: Value | None) -> list[Value]:
        """The words of a command that is given as such."""
        held = command.items if command.items is not None else [command, *(rest.items or [])] if rest else []
        return [w if w.consts else const(HOLE) for w in held[:200]]

    def _output(self, texts: list[str]) -> frozenset[str]:
        first = texts[0].split(" ")[0] if texts else ""
        if _SHELL.fullmatch(texts[0] if texts else ""):
            return frozenset({"shell"})
        if first in {"hostname", "whoami"}:
            return frozenset({f"host:{first}"})
        if first in {"env", "printenv", "set"} and len(texts[0].split()) == 1:
            return frozenset({"env:*"})
        return frozenset({"network"}) if first in {"curl", "wget"} else CLEAN

    def _commands(self, command: Value, rest: Value | None) -> list[str]:
        if command.items is not None:
            words = [shown(i.text()) if i.consts else "?" for i in command.items[:200]]
            return [" ".join(w if w == "?" or "?" in w else shlex.quote(w) for w in words)]
        texts = list(command.texts()) or ["?"]
        if rest is not None and rest.items:
            tail = " ".join(shown(i.text()) if i.consts else "?" for i in rest.items[:200])
            return [f"{t} {tail}" for t in texts]
        return [t for t in texts if t.strip()]

    def evaluated(self, name: str, code: Value, line: int) -> None:
        """Text or bytes are run as code."""
        self.see(Kind.CODE_EVAL, name, line, detail=shown(code.text()) if code.consts else "")
        self.flow("execution", [code], line)
        if "request" in code.all_taint():
            self.see(Kind.CODE_FLOW, "request > execution", line)
        if fed.HEADER in code.all_taint():
            self.see(Kind.CODE_FLOW, "header > execution", line)
        known = getattr(self.language, "near", "") or self.source.language
        for whole in code.wholes() if "data:self" not in code.taint else ():
            self.peel(whole, line, "javascript" if known in SCRIPTS else known or "python")

    def carried(self, name: str, data: bytes, line: int) -> None:  # noqa: ARG002 - its place is its own
        """Leave bytes that stand in the code as a file of their own to the readers."""
        if len(data) > MIN_DECODED:
            self.sights[Part(name, data, self.when)] = None

    def decoded(self, method: str, data: Value, line: int) -> Value:
        """An encoding is undone."""
        self.see(Kind.CODE_DECODE, method, line)
        whole = data.whole()
        taint = data.all_taint()
        if len(data.consts) > 1 and (every := list(data.wholes())):
            made = [self.decoded(method, const(one, data.taint), line) for one in every]
            return Value(tuple(c for m in made for c in m.consts), "", union([m.taint for m in made]))
        if whole is None:
            return Value(taint=taint | {"decoded"} if "data" in taint else taint)
        if method == "marshal":
            raw = whole if isinstance(whole, bytes) else whole.encode("latin-1", "replace")
            self.carried(f"marshal-{line}.pyc", _PYC + raw, line)
            return Value(taint=taint | {"decoded"})
        plain = decode.decode(method, whole)
        if plain is None:
            return Value(taint=taint)
        if len(plain) >= MIN_DECODED or len(whole) >= MIN_DECODED:
            taint |= {"decoded"}
            self.born(["decoded"], line)
        text = decode.readable(plain)
        if text and decode.telling(text):
            self.peel(text, line, runs=False)
        return const(plain, taint)

    def hashed(self, values: list[Value]) -> frozenset[str]:
        """Bytes are hashed; the result, when it is compared with something known, pins them."""
        fetched = [v for v in values if "network" in v.taint]
        if not fetched or len(self._hashed) >= MAX_HASHED:
            return CLEAN
        mark = f"digest:{len(self._hashed)}"
        self._hashed[mark] = fetched
        return frozenset({mark})

    def _verified(self, values: list[Value]) -> None:
        """A digest is compared: with what did not itself come from the network, its bytes are pinned."""
        taints = [v.all_taint() for v in values]
        marks = {t for taint in taints for t in taint if t.startswith("digest:")}
        if not marks or not any(not t & ({"network"} | marks) for t in taints):
            return
        for value in [v for m in marks for v in self._hashed.get(m, ())]:
            value.taint = (value.taint - {"network"}) | {"verified"}
            changed()

    # network

    def request(self, method: str, url: Value, payload: list[Value], line: int) -> Value:
        """An HTTP request; the result is what came from the network."""
        urls = list(url.texts()) or [HOLE]
        for text in urls:
            self.see(Kind.NET_HTTP, f"{method} {text}", line)
        self.flow("network", [url, *payload], line, detail=f"{method} {shown(urls[0])}")
        self.born(["network"], line)
        return Value(ref="response", taint=frozenset({"network"}))

    def connect(self, host: Value, port: Value | None, line: int) -> None:
        """A connection is made."""
        name = host.text() if host.consts else HOLE
        number = port.text() if port is not None and port.consts else HOLE
        if name == HOLE and number == HOLE:
            return
        self.see(Kind.NET_CONNECT, f"{name}:{number}", line)
        self.flow("network", [host], line, detail=f"{shown(name)}:{shown(number)}")

    def lookup(self, name: Value, line: int, form: str = "") -> Value:
        """A name is looked up."""
        if name.consts and name.text() != HOLE:
            self.see(Kind.NET_DNS, f"{name.text()} {form}".strip(), line)
        self.flow("network", [name], line, detail=f"dns {shown(name.text())}")
        if HOLE in name.text() and name.text().rpartition(HOLE)[2].strip("."):
            self.flow("dns", [name], line)  # it stands before a domain that somebody answers for
        return Value(taint=frozenset({"network"}) if form == "TXT" else CLEAN)

    def sent(self, values: list[Value], line: int, where: str = "") -> None:
        """Bytes are written to something connected."""
        self.flow("network", values, line, detail=where)

    # machine

    def env(self, name: Value, line: int) -> Value:
        """One variable of the environment is read."""
        if not name.consts or all(c == HOLE for c in name.consts):
            return Value(taint=_ALL & {"env:*"} if _ALL & name.taint else CLEAN)
        taints = []
        for text in name.texts():
            self.see(Kind.ENV_READ, text, line)
            if is_secret_name(text):
                taints.append(f"env:{shown(text)}")
            elif text in project.VARIABLES:
                taints.append(project.TAINT)
        self.born(taints, line)
        home = _HOMES.get(name.text())
        return Value(consts=(home.replace("?", HOLE),) if home else (), taint=frozenset(taints))

    def drawn(self, obj: Value, key: Value, line: int) -> Value | None:
        """One variable, named or not, of a copy of the environment is not the environment."""
        if "env:*" not in obj.taint or obj.consts or obj.ref in _WHOLE:
            return None
        held = (obj.fields or {}).get(HOLE)
        if not key.consts:
            every = {"env:*", "keys env:*"} & key.taint or obj.fields is None or held is not None
            return None if every else Value(taint=obj.taint - _ALL)
        names = list(key.texts())
        if not all(map(_VARIABLE.fullmatch, names)):
            return None
        value = self.env(key, line)
        return Value(value.consts, taint=value.taint | (obj.taint - _ALL))

    def environment(self, line: int) -> Value:
        """The whole environment is read."""
        self.see(Kind.ENV_READ, "*", line)
        self.born(["env:*"], line)
        return Value(ref="environment", taint=frozenset({"env:*"}))

    def host(self, fact: str, line: int) -> Value:
        """A fact about the machine or its user is asked for."""
        self.see(Kind.ENV_HOST, fact, line)
        if fact in {"platform", "uid", "processes"}:
            return Value()
        weak = fact in {"cpus", "memory", "uptime", "load"}
        self.born([f"host:{fact}"], line)
        return Value(taint=frozenset({f"fact:{fact}" if weak else f"host:{fact}"}))

    def read_file(self, path: Value, line: int, *, text: bool = False) -> Value:
        """A file is read; the result is its content, which is known where the file is the package's own."""
        taints = set()
        for name in path.texts():
            if name.strip(HOLE + "/."):
                self.see(Kind.FILE_READ, name, line)
            if is_secret_path(shown(name)):
                taints.add(f"file:{shown(name)}")
            taints |= self.written.get(name, CLEAN) | handed.copies(self).get(name, CLEAN)
        taints |= path.taint & project.HERE
        self.born(taints, line)
        own = contents.find(path.text(), self.source) if len(path.consts) == 1 else ""
        data = contents.content(path.text(), self.source) if own and not taints - project.HERE else None
        taints |= (
            {"data"} if data is not None and own != self.source.path else {"data"} | (path.taint & _SELF)
        )
        if data is not None and len(self.opened_files) < MAX_OPENED:
            self.opened_files.append(data)
        known = () if data is None else (data.decode("utf-8", "replace"),) if text else (data,)
        return Value(consts=known, ref="content", taint=frozenset(taints))

    def write_file(self, path: Value, content: list[Value], line: int) -> None:
        """A file is written."""
        taint = CLEAN.union(*(c.all_taint() for c in content)) if content else CLEAN
        handed.copied(self, path, Value(taint=taint))
        for text in path.texts():
            if text.strip(HOLE + "/."):
                self.see(
                    Kind.FILE_WRITE, contents.told(text, self.source) + project.said(text, content), line
                )
            fed.kept(self, text, content, line)
            if taint & _KEPT:
                self.written[text] = self.written.get(text, CLEAN) | (taint & _KEPT)
                while len(self.written) > MAX_WRITTEN:
                    self.written.pop(next(iter(self.written)))

    def delete_file(self, path: Value, line: int) -> None:
        """A file or folder is deleted."""
        for text in path.texts():
            if text.strip(HOLE + "/."):
                self.see(Kind.FILE_DELETE, text, line)

    def sleep(self, seconds: float, line: int) -> None:
        """Nothing happens for a while."""
        if seconds >= 1:
            self.see(Kind.EVASION_SLEEP, f"{seconds:g}", line)


__all__ = ["When", "Witness"]
