"""What `biopsy watch` shows: a line for each turn of a feed that did something, and what a policy does."""

import asyncio
import logging
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from biopsy.errors import QueueError, RegistryError, UsageError
from biopsy.formats.views.visible import visible
from biopsy.model.release import Release

if TYPE_CHECKING:
    from biopsy.ecosystems.feeds import Feed
    from biopsy.pipeline.follow.explaining import Explained, Reason
    from biopsy.pipeline.follow.following import Options, Turn


log = logging.getLogger("biopsy.watch")


def follow(
    chosen: "Sequence[Feed]",
    options: "Options",
    home: Path,
    dsn: str,
    *,
    contact: str,
    apart: float,
    once: bool,
    form: str,
    quiet: bool,
) -> bool:
    """Follow feeds until stopped, telling on standard error; say whether none was in trouble at its end."""
    try:
        from biopsy import queue  # noqa: PLC0415
        from biopsy.pipeline.follow.running import watch  # noqa: PLC0415
    except ImportError as err:
        raise QueueError(
            f"the queue needs more than is installed ({err.name}): pip install 'biopsy[queue]'"
        ) from err
    from biopsy.pipeline.follow.pace import client  # noqa: PLC0415
    from biopsy.pipeline.follow.policy import Policies  # noqa: PLC0415
    from biopsy.pipeline.work import logs  # noqa: PLC0415

    logs.begin(form, level=logging.WARNING if quiet else logging.INFO)
    policies, telling, http = Policies(home), Telling(form), client(contact, apart)
    for feed in chosen:
        policies.of(feed.ecosystem)  # a policy that is wrong is said now, not at the first item
    for feed in chosen:
        telling.begin(feed, options)

    async def run() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        settings = queue.Settings(home, dsn)
        await watch(settings, chosen, policies, http, options, stop=stop, once=once, told=telling.turn)

    asyncio.run(run())
    telling.end()
    return not telling.troubled


class Telling:
    """Tells on standard error what following does: lines for people, or JSON for programs."""

    def __init__(self, form: str) -> None:
        self._json = form == "json"
        self._last: dict[str, str] = {}
        self.sums: Counter[str] = Counter()
        self.troubled: set[str] = set()
        self._skewed: set[str] = set()

    def begin(self, feed: "Feed", options: "Options") -> None:
        """Say which feed is followed, and where."""
        try:
            where = feed.endpoint(options.endpoints).url
        except RegistryError as err:
            where = f"nowhere: {err}"
        every = options.every or feed.every
        fields = {"feed": feed.name, "address": where, "every": every}
        self._line("feed-begun", fields, f"{feed.name}: following {where}, every {every:.0f} s")

    def turn(self, turn: "Turn") -> None:
        """Say what one turn did, where that is worth a line."""
        (self.troubled.add if turn.state == "troubled" else self.troubled.discard)(turn.feed)
        self.sums["items"] += turn.moved.items
        self.sums["jobs"] += turn.moved.jobs.new
        words = told(turn, clock=turn.feed not in self._skewed)
        (self._skewed.add if turn.judged.skew else self._skewed.discard)(turn.feed)
        if self._json or (words and words != self._last.get(turn.feed)):
            level = logging.WARNING if turn.state == "troubled" else logging.INFO
            self._line(f"feed-{turn.state}", _fields(turn), f"{turn.feed}: {words}", level)
        self._last[turn.feed] = "" if turn.state == "read" else words

    def end(self) -> None:
        """Say what it all came to."""
        words = f"ended: {self.sums['items']} things said, {self.sums['jobs']} jobs"
        self._line("ended", dict(self.sums), words)

    def _line(self, event: str, fields: Mapping[str, object], words: str, level: int = logging.INFO) -> None:
        from biopsy.pipeline.work import logs  # noqa: PLC0415

        logs.say(log, level, event if self._json else words, **(fields if self._json else {}))


def told(turn: "Turn", *, clock: bool = True) -> str:
    """Put a turn into words; nothing where nothing happened. `clock`: also say that a clock is wrong."""
    if turn.state != "read":
        words = {"full": "rests, the queue is full", "held": "not followed here", "overtaken": ""}
        head = words.get(turn.state, turn.state)
        wait = f"; again in {turn.wait:.0f} s" if turn.wait else ""
        return f"{head}: {turn.detail}{wait}" if turn.detail else f"{head}{wait}" if head else ""
    judged, moved = turn.judged, turn.moved
    parts = [
        (moved.items, "said"),
        (moved.repeated, "said before"),
        (moved.jobs.new, "new jobs"),
        (judged.late, "late"),
        (judged.withdrawn, "taken back"),
        (moved.linked, "of releases known here"),
        (turn.refused, "not to be understood"),
        (turn.filled, "found in a gap"),
        *((number, f"skipped ({reason})") for reason, number in sorted(judged.skipped.items())),
    ]
    said = [f"{number} {what}" for number, what in parts if number]
    if not moved.items and not moved.jobs.new and not turn.gap and not turn.filled and not turn.refused:
        said = []
    if turn.gap:
        said.append("a gap was noticed")
    if judged.skew and clock:
        said.append(f"its clock is {abs(judged.skew):.0f} s {'ahead' if judged.skew > 0 else 'behind'}")
    if turn.detail:
        said.append(turn.detail)
    return ", ".join(said)


def _fields(turn: "Turn") -> dict[str, object]:
    judged, moved = turn.judged, turn.moved
    return {
        "feed": turn.feed,
        "items": moved.items,
        "repeated": moved.repeated,
        "jobs": moved.jobs.new,
        "known": moved.jobs.known,
        "late": judged.late,
        "withdrawn": judged.withdrawn,
        "skipped": judged.skipped,
        "refused": turn.refused,
        "gap": turn.gap,
        "filled": turn.filled,
        "skew": judged.skew,
        "wait": round(turn.wait, 1),
        "detail": turn.detail,
    }


def told_feeds(settings: Mapping[str, str], form: str) -> str:
    """List the feeds there are: which is the main one of its ecosystem, how often, and where it is asked."""
    from biopsy.ecosystems import feeds  # noqa: PLC0415

    rows = []
    for feed in sorted(feeds.all_feeds(), key=lambda feed: feed.name):
        try:
            where = feed.endpoint(settings).url
        except RegistryError as err:
            where = f"nowhere: {err}"
        rows.append({"feed": feed.name, "main": feed.main, "every": feed.every, "address": where})
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(rows), indent=2).decode()
    width = max((len(str(row["feed"])) for row in rows), default=0)
    lines = [
        f"{'●' if row['main'] else ' '} {row['feed']:{width}}  every {row['every']:>4.0f} s  {row['address']}"
        for row in rows
    ]
    lines.append(
        "\n● is followed where an ecosystem is named; with --watch-list packages are asked one by one"
    )
    return visible("\n".join(lines), lines=True)


def explained(name: str, wanted: Sequence[str], home: Path, form: str) -> str:
    """Say what the policy does with a package, as text or JSON."""
    from biopsy.pipeline.follow.explaining import explain  # noqa: PLC0415
    from biopsy.pipeline.follow.policy import Policies  # noqa: PLC0415

    release = _package(name if ":" in name else f"{wanted[0] if wanted else 'pypi'}:{name}")
    found = explain(Policies(home), release)
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(found), indent=2).decode()
    return visible("\n".join(_explained(found)), lines=True)


def _package(text: str) -> Release:
    from biopsy.ecosystems import parse_target  # noqa: PLC0415

    release = parse_target(text)
    if not isinstance(release, Release):
        raise UsageError(f"{text} is a file; --explain wants a package, such as npm:NAME")
    return release


def _explained(it: "Explained") -> list[str]:
    known = f"number {it.known} of those in wide use" if it.known else "not among those in wide use"
    lines = [
        it.purl,
        f"  name       {known} (list of {it.listed})" if it.listed else "  name       no list to look it up",
    ]
    if it.resembles:
        lines.append(f"  resembles  {', '.join(it.resembles)} of one in wide use")
    doing = f"artifacts: {it.artifacts}, at most {it.most}" if it.analysed else "recorded, not analysed"
    lines.append(f"  releases   {doing}")
    if it.analysed:
        lines.append(f"  new is     what came out since the feed's word before, or {it.days:g} d before that")
        parts = (("skipped", it.skipped), ("not run", it.read_only), (f"priority {it.priority}", it.urgency))
        for title, reasons in (*parts, ("reports", it.reports)):
            lines += _block(title, reasons)
    lines.append(f"  policy     {', over '.join(it.files)}")
    return lines


def _block(title: str, reasons: "Sequence[Reason]") -> list[str]:
    places = [one.place.removeprefix("shipped ") for one in reasons]
    width = max(map(len, places), default=0)
    lines = [f"  {title}"] if reasons else []
    for place, one in zip(places, reasons, strict=True):
        head = " ".join(word for word in (one.what, f"if {one.when}" if one.when else "") if word)
        lines.append(f"    {place:{width}}  {': '.join(word for word in (head, one.because) if word)}")
    return lines
