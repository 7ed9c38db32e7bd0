"""Files that are read, written, moved and deleted."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

from collections.abc import Sequence
from contextlib import suppress

from biopsy.static.code import decode_form, fold
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import CLEAN, HOLE, Value, const
from biopsy.static.code.witness import Witness
from biopsy.static.tongues import folding
from biopsy.static.tongues.effects.register import (
    MAX_PATHS,
    effect,
    named_verb,
    placed,
    rest,
    unsigned,
    words,
)


def reached(run: Witness, path: Value, line: int, *, text: bool = True, given: Sequence[Value] = ()) -> Value:
    """What is read from a path, which may be an address."""
    whole = path.text() if path.consts else ""
    if whole.startswith(("http://", "https://", "ftp://")):
        return run.request(named_verb(given), path, unsigned(given), line)
    if whole == "php://input":
        return Value(taint=frozenset({"request"}))
    if whole.startswith("data:"):
        head, _, body = whole.partition(",")
        plain = const(body if head.endswith("base64") else decode_form.unquote(body), path.taint)
        return run.decoded("base64", plain, line) if head.endswith("base64") else plain
    found = run.read_file(path, line, text=False)
    held = found.whole()
    if text and isinstance(held, bytes):  # bytes that are no text stay what they are
        with suppress(UnicodeDecodeError):
            found.consts = (held.decode("utf-8"),)
    return found


@effect("read")
def _read(run: Witness, call: Invocation, at: str = "0") -> Value:
    return reached(run, placed(call, at), call.line, given=rest(call, 1))


@effect("write")
def _write(run: Witness, call: Invocation, path: str = "0", content: str = "1") -> Value:
    run.write_file(placed(call, path), [placed(call, content)], call.line)
    return Value()


@effect("open")
def _open(run: Witness, call: Invocation, path: str = "0", mode: str = "1") -> Value:
    """A file is opened, to be read unless it says otherwise."""
    place, how = placed(call, path), placed(call, mode).text()
    if place.text().startswith("|"):  # Ruby's way to a process
        return run.command(const(place.text()[1:], place.taint), call.line)
    if any(letter in how for letter in "wax+c") and not place.text().startswith("http"):
        run.write_file(place, [], call.line)
        return Value(ref="file", items=[place])
    content = reached(run, place, call.line)
    return Value(
        content.consts, content.ref if "network" in content.taint else "file", content.taint, [place]
    )


@effect("create")
def _create(run: Witness, call: Invocation, path: str = "0") -> Value:
    """A file is made, to be written."""
    run.write_file(placed(call, path), [], call.line)
    return Value(ref="file", items=[placed(call, path)])


@effect("open_flags")
def _open_flags(run: Witness, call: Invocation) -> Value:
    """A file is opened as its flags say; a mode is only given where it may be made."""
    made = bool(call.arg(2).consts and call.arg(2).consts[0])
    return _create(run, call) if made else _open(run, call, "0", "-")


@effect("walk")
def _walk(run: Witness, call: Invocation) -> Value:
    """A function is called with the place of every file below a folder."""
    listed = _list(run, call).items or []
    for given in [a for a in call.args if a.func is not None][:1]:
        run.call(given, Invocation("", "", [*listed, Value(), Value()], {}, call.line))
    return Value()


@effect("copy")
def _copy(run: Witness, call: Invocation) -> Value:
    content = reached(run, call.arg(0), call.line)
    held = content.taint.union(*(run.written.get(p, CLEAN) for p in call.arg(0).texts()))
    run.write_file(call.arg(1), [Value(taint=held)], call.line)
    return Value()


@effect("copy_stream")
def _copy_stream(run: Witness, call: Invocation) -> Value | None:
    """A stream is put into a file, or a file into another."""
    held = call.arg(0)
    if held.taint or not held.consts or held.text().startswith("http"):
        content = reached(run, held, call.line) if held.text().startswith("http") else held
        run.write_file(call.arg(1), [content], call.line)
        return Value()
    return _copy(run, call)


@effect("delete")
def _delete(run: Witness, call: Invocation, at: str = "0") -> Value:
    for path in words([placed(call, at)]):
        run.delete_file(path, call.line)
    return Value()


@effect("list")
def _list(run: Witness, call: Invocation, at: str = "0") -> Value:
    """Names of files, of which only the folder is known."""
    held = placed(call, at)
    every = [one for t in held.texts() for one in folding.braces(t)][:MAX_PATHS]
    texts = tuple(t if "*" in t else f"{t.rstrip('/')}/{HOLE}" for t in every)
    return Value(items=[Value(texts or (HOLE,), taint=held.taint)])


@effect("download")
def _download(run: Witness, call: Invocation, url: str = "0", path: str = "1") -> Value:
    """What an address gives is put into a file."""
    content = run.request("GET", placed(call, url), [], call.line)
    run.write_file(placed(call, path), [content], call.line)
    return Value()


@effect("registry")
def _registry(run: Witness, call: Invocation) -> Value:
    """Windows' registry, which is a file like others to whoever wants to be started again."""
    place = fold.path(call.arg(0).text().replace("\\", "/"), call.arg(1).text())
    run.write_file(const(place), call.args[2:3], call.line)
    return Value()
