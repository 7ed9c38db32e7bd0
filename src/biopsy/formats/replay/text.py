"""For a terminal: each verdict that is another one now, with why; then how many there are of what.

Every word of a package is made visible (`views.visible`) before it is shown.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from biopsy.formats.views.visible import visible
from biopsy.model.dossier import Call
from biopsy.model.replay import Change, Replayed

ENDING = ".txt"
ON_SCREEN = True

MAX_NAME = 80  # characters of a name
MAX_REASON = 400
MAX_RULES = 4  # rules that are named of those that came or went
MAX_CHANGES = 1000
STYLES = {Call.MALICIOUS: "1;31", Call.SUSPICIOUS: "33", Call.BENIGN: "32", Call.UNKNOWN: "2"}
_NEVER = "not judged"


def render(replayed: Replayed, *, colour: bool = False, every: bool = False, **_: Any) -> str:
    """Verdicts that turned; with `every` also those that have other reasons, and first ones."""
    paint = _painted if colour else _plain
    shown = (*replayed.turned, *replayed.reasons, *replayed.first) if every else replayed.turned
    lines = [line for one in shown[:MAX_CHANGES] for line in _lines(one, paint)]
    if len(shown) > MAX_CHANGES:
        lines.append(f"and {len(shown) - MAX_CHANGES:,} more: --format json names all")
    lines += [""] if lines else []
    return "\n".join([*lines, *_sum(replayed, paint, every=every), ""])


def _painted(style: str, words: str) -> str:
    return f"\x1b[{style}m{words}\x1b[0m"


def _plain(_: str, words: str) -> str:
    return words


def _lines(one: Change, paint: Any) -> Iterator[str]:
    was = paint(STYLES[one.before], one.before.value) if one.before else _NEVER
    now = paint(STYLES[one.after], one.after.value)
    name = visible(f"{one.ecosystem}:{one.name}@{one.version}", limit=MAX_NAME)
    turned = f"{was} → {now}" if one.turned else now
    yield f"{turned}  {paint('1', name)}  {visible(one.filename, limit=MAX_NAME)}  {one.run_id}"
    yield f"    {visible(one.reason, limit=MAX_REASON)}"
    if one.gained:
        yield f"    rests on     {_rules(one.gained)}"
    if one.lost:
        yield f"    no longer on {_rules(one.lost)}"
    if one.report:
        yield f"    report       {visible(one.report, limit=MAX_REASON)}"


def _rules(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_RULES} more" if len(names) > MAX_RULES else ""
    return f"{', '.join(visible(name) for name in names[:MAX_RULES])}{more}"


def _sum(replayed: Replayed, paint: Any, *, every: bool) -> Iterator[str]:
    calls = [
        paint(STYLES[call], f"{replayed.calls[call.value]:,} {call.value}")
        for call in Call
        if replayed.calls.get(call.value)
    ]
    speed = f"{replayed.read / replayed.seconds:,.0f} a second" if replayed.seconds > 0 else "at once"
    what = _count(replayed.read, "dossier")
    if replayed.resumed:
        speed = f"{replayed.resumed} of {replayed.parts} parts by an earlier replay that was stopped"
    yield f"{what} judged by rules {replayed.rules} ({speed}): {', '.join(calls) or 'none'}"
    would = "" if replayed.write else "would "
    accused = sum(one.after is Call.MALICIOUS for one in replayed.turned)
    cleared = sum(one.before is Call.MALICIOUS for one in replayed.turned)
    detail = [f"{accused:,} to malicious"] * bool(accused) + [f"{cleared:,} from it"] * bool(cleared)
    told = f" ({', '.join(detail)})" if detail else ""
    yield f"{_count(len(replayed.turned), 'verdict')} {would}change{'d' * replayed.write}{told}"
    hint = "" if every else " (--all names them)"
    if replayed.reasons:
        yield f"{len(replayed.reasons):,} stay and rest on other rules{hint}"
    if replayed.first:
        yield f"{len(replayed.first):,} had no verdict on record{hint}"
    if replayed.unreadable:
        yield paint("1;31", f"{_count(len(replayed.unreadable), 'dossier')} could not be read:")
        yield from (f"    {visible(why, limit=MAX_REASON)}" for why in replayed.unreadable[:MAX_RULES])
    if replayed.done < replayed.parts:
        yield f"{replayed.done} of {replayed.parts} parts are done; ask again and it goes on"
    elif replayed.write:
        yield f"{_count(replayed.written, 'judgement')} written"
    elif replayed.changes:
        yield "nothing was written; --write does it"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
