"""Effects of Python's archives, buffers and containers of libraries: what is put in is what comes out."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

from biopsy.static.code.state import Invocation
from biopsy.static.code.value import CLEAN, Value, unknown
from biopsy.static.code.witness import Witness
from biopsy.static.python import machine
from biopsy.static.python.effects import effect

_FILLS = frozenset({
    "set_content", "attach", "add_attachment", "set_payload", "add_header", "add_field", "add", "update",
    "append", "putheader", "add_data", "put", "extend", "appendleft", "insert", "feed", "putrequest",
    "add_unredirected_header",
})  # fmt: skip
"""Methods after which an object of a library holds what they were given."""


def filled(run: Witness, call: Invocation) -> None:
    """An object of a library takes over where what it is given comes from."""
    obj = call.receiver
    if obj is None or call.name not in _FILLS or not obj.ref.endswith("()") or obj.items is not None:
        return
    obj.take(CLEAN.union(*(a.all_taint() for a in call.all())) - {"data"} if call.all() else CLEAN)


@effect("io.BytesIO", "io.StringIO", "tempfile.SpooledTemporaryFile", "cStringIO.StringIO")
def _buffer(run: Witness, call: Invocation) -> Value:
    held = call.arg(0) if call.name != "SpooledTemporaryFile" else Value()
    held = held if isinstance(held.whole(), str | bytes) else unknown(held)
    return Value(ref="file()", fields={"#content": held}, made=True, taint=held.taint)


@effect("shutil.copyfileobj")
def _poured(run: Witness, call: Invocation) -> Value:
    machine.put(run, call.arg(1, "fdst"), [unknown(call.arg(0, "fsrc"))], call)
    return Value()


@effect("file().getvalue", "file().getbuffer")
def _getvalue(run: Witness, call: Invocation) -> Value:
    obj = call.receiver
    held = (obj.fields or {}).get("#content") if obj is not None else None
    if held is None or (obj is not None and obj.taint - held.taint):
        return unknown(*([obj] if obj is not None else []))
    return held


@effect("zipfile.ZipFile", "tarfile.open", "tarfile.TarFile", "zipfile.PyZipFile", "gzip.GzipFile",
        "bz2.BZ2File", "lzma.LZMAFile")  # fmt: skip
def _archive(run: Witness, call: Invocation) -> Value:
    under = call.kwargs.get("fileobj") or call.arg(0, "file" if call.name == "ZipFile" else "name")
    if under.ref != "file()" or under.consts:
        opened = machine.opened(run, call)
        return Value(opened.consts, "archive()", opened.taint, fields=opened.fields, made=opened.made)
    return Value(ref="archive()", fields={"#under": under}, made=True, taint=under.taint)


@effect("archive().write", "archive().add", "archive().writestr", "archive().addfile")
def _packed(run: Witness, call: Invocation) -> Value:
    """Something is put into an archive: a file by its path, or bytes."""
    content = list(call.all())
    if call.name in {"write", "add"} and call.arg(0).consts and isinstance(call.arg(0).consts[0], str):
        content.append(run.read_file(call.arg(0), call.line))
    taint = CLEAN.union(*(c.all_taint() for c in content)) - {"data"} if content else CLEAN
    obj = call.receiver
    if obj is not None and taint:
        obj.take(taint)
        for text in obj.texts():
            run.written[text] = run.written.get(text, CLEAN) | taint
        under = (obj.fields or {}).get("#under")
        if under is not None:
            under.take(taint)
    return Value()


@effect("archive().read", "archive().open", "archive().extractfile")
def _unpacked(run: Witness, call: Invocation) -> Value:
    obj = call.receiver
    held = (obj.fields or {}).get("#content") if obj is not None else None
    taint = obj.taint if obj is not None else CLEAN
    if call.name == "read" and held is not None:
        return unknown(held, Value(taint=taint))
    return Value(taint=taint) if call.name == "read" else Value(ref="file()", taint=taint)


@effect("archive().extractall", "archive().extract")
def _extracted(run: Witness, call: Invocation) -> Value:
    return machine.unpacked(run, call)
