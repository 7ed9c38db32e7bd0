"""What an analysis is made of, to keep: the dossier, the trace, and the forms of `biopsy analyze`."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from biopsy import formats
from biopsy.model.behaviour import InTrace
from biopsy.model.dossier import Dossier
from biopsy.warehouse.wire import store
from biopsy.web.site import judging
from biopsy.web.site.paging import Missing
from biopsy.web.site.place import GivenSite

MAX_EVENTS = 200_000  # lines of a downloaded trace
_PLAIN = {".json": "application/json", ".jsonl": "application/jsonl", ".sarif": "application/sarif+json"}


@get(
    "/analysis/{run_id:str}/as/{form:str}", tags=["site"], operation_id="analysis_as",
    summary="An analysis in another form: text, SARIF, indicators …", include_in_schema=False,
)  # fmt: skip
async def analysis_as(site: GivenSite, run_id: FromPath[str], form: FromPath[str]) -> Response[Any]:
    """What `biopsy analyze --format` writes."""
    if form not in formats.names():
        raise Missing(detail=f"no such form; there are {', '.join(formats.names())}")
    maker = formats.by_name(form)
    text = await site.heavy(lambda: maker.render(judging.judged(site, run_id).analysis))
    return _download(text.encode("utf-8", "backslashreplace"), f"{run_id}{maker.ENDING}")


@get("/analysis/{run_id:str}/dossier.json", include_in_schema=False)
async def raw(site: GivenSite, run_id: FromPath[str]) -> Response[Any]:
    """The dossier as it is kept: all that was seen, nothing judged."""
    held = await site.heavy(lambda: judging.dossier(site, run_id))
    return _download(_line(msgspec.to_builtins(store(held))), f"{run_id}.dossier.json")


@get("/analysis/{run_id:str}/trace.jsonl", include_in_schema=False)
async def trace(site: GivenSite, run_id: FromPath[str]) -> Response[Any]:
    """Everything that was recorded while it ran, an event a line, in the order of time."""
    held = await site.heavy(lambda: judging.dossier(site, run_id))
    lines = await site.heavy(lambda: b"".join(_line(one) for one in _events(held)))
    return _download(lines, f"{run_id}.trace.jsonl")


def _events(held: Dossier) -> Iterator[dict[str, Any]]:
    every = [(one.profile, one.start, _event("process", one)) for one in held.processes]
    every += [(one.profile, one.time, _event("exchange", one)) for one in held.exchanges]
    late = float("inf")  # a file is compared at the end; evaluated text has its `code.eval` for a time
    every += [(one.profile, late, _event("change", one)) for one in held.changes]
    every += [(one.profile, late, _event("evaluated", one)) for one in held.evaluated]
    for one in held.behaviours:
        if isinstance(one.where, InTrace):
            made = {
                "event": "behaviour", "time": one.time, "text": str(one), "process": one.process,
                "by": one.by.value, "owner": one.owner, "detail": one.detail,
            }  # fmt: skip
            every.append((one.where.profile, one.time or 0.0, made))
    every.sort(key=lambda one: (one[0], one[1]))
    for _, _, made in every[:MAX_EVENTS]:
        yield made


def _event(name: str, one: msgspec.Struct) -> dict[str, Any]:
    return {"event": name, **msgspec.to_builtins(one)}


def _line(made: Any) -> bytes:
    try:
        return msgspec.json.encode(made) + b"\n"
    except (ValueError, OverflowError):  # half a surrogate pair: bytes that are no UTF-8
        return json.dumps(made, ensure_ascii=True).encode() + b"\n"


def _download(data: bytes, name: str) -> Response[Any]:
    """A file to keep; a page among them is never shown here."""
    ending = f".{name.rpartition('.')[2]}"
    kind = "application/octet-stream" if ending == ".html" else _PLAIN.get(ending, "text/plain")
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "private, max-age=60",
    }
    return Response(data, media_type=kind, headers=headers)


HANDLERS = [analysis_as, raw, trace]
