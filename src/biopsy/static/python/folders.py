"""Effects of Python's functions that list folders: the package's own are known, of others only the path."""

import fnmatch
import posixpath

from biopsy.static.code.state import Invocation
from biopsy.static.code.value import HOLE, Value, const
from biopsy.static.code.witness import Witness
from biopsy.static.python.effects import effect

MAX_FOLDERS = 40
MAX_NAMES = 60  # in all
_CODE = (
    ".py",
    ".pyw",
    ".pyi",
    ".pyx",
    ".c",
    ".h",
    ".cpp",
    ".js",
    ".so",
    ".pyd",
    ".rst",
    ".html",
    ".po",
    ".mo",
)
_PATH = "pathlib.Path()"


def own(run: Witness, path: Value) -> str | None:
    """The folder of the package that a path means; None where it is none of its own, or all of it."""
    text = path.text() if len(path.consts) == 1 else HOLE
    if HOLE in text or text.startswith(("/", "~")) or not text:
        return None
    here = posixpath.dirname(run.source.path)
    if text.strip("./") == "" and here and "data:self" not in path.taint:
        return None
    found = posixpath.normpath(posixpath.join(here, text))
    found = "" if found == "." else found
    if found.startswith(".."):
        return None
    return found if not found or any(p.startswith(f"{found}/") for p in run.source.paths) else None


def _inside(run: Witness, folder: str) -> list[str]:
    """Files below a folder, by their paths from there; data first, and not too many."""
    start = f"{folder}/" if folder else ""
    below = [p[len(start) :] for p in run.source.paths if p.startswith(start)]
    return sorted(below, key=lambda p: (p.endswith(_CODE), p.count("/"), p))[:MAX_NAMES]


def _joined(path: Value, rest: str, ref: str = "") -> Value:
    texts = tuple(f"{t.rstrip('/')}/{rest}" if t else rest for t in path.texts())
    return Value(texts or (HOLE,), ref=ref, taint=path.taint)


@effect("os.walk", "os.fwalk", "pathlib.Path().walk")
def _walk(run: Witness, call: Invocation) -> Value:
    ref = _PATH if call.ref.startswith("pathlib") else ""
    path = call.receiver if ref and call.receiver is not None else call.arg(0, "top")
    unsure = Value(items=[const(HOLE)])
    rows = [Value(items=[Value(path.consts or (HOLE,), ref, path.taint), unsure, unsure])]
    folder = own(run, path)
    if folder is not None:
        held: dict[str, list[str]] = {}
        for file in _inside(run, folder):
            at, _, name = file.rpartition("/")
            held.setdefault(at, []).append(name)
        for at, names in list(held.items())[:MAX_FOLDERS]:
            top = _joined(path, at, ref) if at else Value(path.consts, ref, path.taint)
            rows.append(Value(items=[top, Value(items=[]), Value(items=[const(n) for n in names])]))
    return Value(items=rows, taint=path.taint)


@effect("os.listdir", "os.scandir")
def _listed(run: Witness, call: Invocation) -> Value:
    path = call.arg(0, "path")
    folder = own(run, path)
    names = [p for p in _inside(run, folder) if "/" not in p] if folder is not None else []
    if call.name == "listdir":
        return Value(items=[const(n) for n in (*names, HOLE)])
    entries = [(_joined(path, n), n) for n in (*names, HOLE)]
    return Value(
        items=[
            Value(p.consts, taint=p.taint, fields={"path": p, "name": const(n)}, made=True)
            for p, n in entries
        ]
    )


@effect("glob.glob", "glob.iglob")
def _globbed(run: Witness, call: Invocation) -> Value:
    pattern = call.arg(0, "pathname")
    found: list[Value] = []
    for text in pattern.texts():
        head, _, last = text.rpartition("/")
        while "*" in head:
            head, _, more = head.rpartition("/")
            last = f"{more}/{last}"
        found += _matching(run, Value((head or ".",), taint=pattern.taint), last, "")
        found.append(Value((text,), taint=pattern.taint))
    return Value(items=found or [Value(taint=pattern.taint)], taint=pattern.taint)


def _matching(run: Witness, path: Value, pattern: str, ref: str) -> list[Value]:
    folder = own(run, path)
    if folder is None:
        return []
    pattern = pattern.removeprefix("**/")
    match = [
        p
        for p in _inside(run, folder)
        if fnmatch.fnmatchcase(p.rpartition("/")[2], pattern.rpartition("/")[2])
    ]
    return [_joined(path, p, ref) for p in match]


def below(run: Witness, path: Value, call: Invocation) -> Value:
    """What `glob`, `rglob` or `iterdir` of a path gives, one by one."""
    pattern = call.arg(0).text() if call.name != "iterdir" and call.args else "*"
    found = _matching(run, path, pattern, _PATH)
    if call.name == "iterdir":
        found = [f for f in found if f.text().count("/") <= path.text().rstrip("/").count("/") + 1]
    rest = HOLE if HOLE in pattern else pattern.replace("**/", "").replace("*", HOLE)
    return Value(items=[*found, _joined(path, rest, _PATH)], taint=path.taint)
