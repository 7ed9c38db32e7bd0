"""What a package may be waiting for, and the phases that give it that: time, another day, its own traces, or
a machine that has what it looks for (`suiting`).

Sleeps need nothing: the clock inside jumps. A second go is worth its seconds where the code looks at the time
together with files or days, and a date that is still to come is gone to where it stands in code that does.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec.structs import replace

from biopsy.model.behaviour import When
from biopsy.model.release import Tree
from biopsy.model.run import Disk, Phase
from biopsy.pipeline import days, suiting
from biopsy.pipeline import dwelling as dwelt
from biopsy.pipeline.again import DEEP, LIGHT, repeated
from biopsy.pipeline.harm import harmful
from biopsy.pipeline.languages import also

LATER: Final = Phase("later", "later.py", ("later", "--budget", "30"), 40.0, ahead=86_400.0)
"""What was put where a machine starts things by itself is started, a day later."""

MAX_DATES: Final = 3
"""Most dates that are gone to."""

MAX_INSTALLS: Final = 2
"""Most dates on which a package is installed once more."""

MAX_FILE: Final = 512 * 1024
"""Largest file that is looked into, in bytes."""

MAX_BYTES: Final = 6 * 1024**2
"""Most bytes of a package that are looked into."""

_AGAIN_DAYS: Final = 3

_CODE = re.compile(rf"\.(?:[cm]?js|pyw?|pth{also('suffixes')})$")
_HOOKS: Final = "package.json"  # code stands in its scripts, too
_INSTALLING: Final = ("preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare")
_ASIDE = re.compile(r"(?:^|/)(?:tests?|__tests__|docs?|examples?|node_modules|locales?|i18n)/|\.min\.js$")
_TIME = re.compile(
    r"\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\)|\btime\.time(?:_ns)?\(|\btime\(\)|\b(?:utc)?now\(|\btoday\("
    r"|\btime\.(?:localtime|gmtime|strftime)\(" + also("time")
)
_STAMP = re.compile(
    r"mtime|birthtime|\b[fl]?stat(?:Sync)?\(|\bexists(?:Sync)?\("
    r"|\b86_?400|\b8\.64e7|\b24\s*\*\s*60|\b60\s*\*\s*24|timedelta\(" + also("stamps")
)


def more(
    tree: Tree,
    plan: tuple[Phase, ...],
    today: datetime | None = None,
    moments: Callable[[], Mapping[str, When]] = dict,
    *,
    deep: bool = False,
) -> tuple[Phase, ...]:
    """Give the phases to do once more, some days later on the disk as it is by then.

    Those are start, import and commands; where there is a suspicion (`deep`), calls too.

    On days that are named, and where there is what is looked for, they begin right after the install. Where
    code that runs at the install (`moments`) names or looks for something, the install itself is repeated.
    """
    today = today or datetime.now(UTC)
    found = dict(files(tree))
    again = any(_TIME.search(text) and _STAMP.search(text) for text in found.values())
    names = DEEP if deep else LIGHT
    ahead = timedelta(days=_AGAIN_DAYS).total_seconds()
    goes = repeated(plan, f"{_AGAIN_DAYS}d", ahead, names, Disk.USED) if again else ()
    for label, ahead in _days(found.values(), today):
        goes += repeated(plan, label, ahead, names)
    suit, ahead = _suit(found.values(), today)
    goes += suiting.more(suit, plan, names=names, ahead=ahead)
    return goes + _installs(found, plan, today, moments) if found else goes


def _suit(code: Iterable[str], today: datetime) -> tuple[suiting.Suit, float]:
    """Say what this code looks for, and how far ahead of today: where it names a day or month as well."""
    texts = list(code)
    suit, dwelling = suiting.read(texts), dwelt.read(texts)
    suit = replace(suit, env=(*suit.env, *dwelling.env))
    if dwelling.env:
        return suit, dwelling.ahead(today)
    both = [text for text in texts if suiting.read([text])] if suit else []
    return suit, next((ahead for _, ahead in _days(both, today)), 0.0)


def _installs(
    found: dict[str, str],
    plan: tuple[Phase, ...],
    today: datetime,
    moments: Callable[[], Mapping[str, When]],
) -> tuple[Phase, ...]:
    """Give the installs to do once more."""
    if not any(harmful(text) for text in found.values()):
        return ()
    when = moments()
    during = [text for path, text in found.items() if path == _HOOKS or when.get(path) is When.INSTALL]
    goes: tuple[Phase, ...] = ()
    for label, ahead in _days(filter(harmful, during), today)[:MAX_INSTALLS]:
        goes += repeated(plan, label, ahead, disk=Disk.NEW)
    suit, ahead = _suit(during, today)
    return goes + suiting.more(suit, plan, Disk.NEW, ahead=ahead)


def _days(code: Iterable[str], today: datetime) -> list[tuple[str, float]]:
    """Give the days that are gone to, with how far ahead they are, in seconds."""
    dates = {day for text in code if _TIME.search(text) for day in _moments(text, today)}
    return [(f"{day:%Y-%m-%d}", (day - today).total_seconds()) for day in _apart(sorted(dates))]


def texts(tree: Tree) -> Iterator[str]:
    """Give the code of a package, as far as it is looked into."""
    return (text for _, text in files(tree))


def files(tree: Tree) -> Iterator[tuple[str, str]]:
    """Give the same with the path of each file."""
    room = MAX_BYTES
    for file in tree.files:
        known = file.path == _HOOKS or (_CODE.search(file.path) and not _ASIDE.search(file.path))
        if known and file.size <= min(MAX_FILE, room):
            room -= file.size
            text = (tree.root / file.path).read_bytes().decode("utf-8", "replace")
            yield file.path, _scripts(text) if file.path == _HOOKS else text


def _scripts(text: str) -> str:
    """Give the scripts of a package.json that run when it is installed, as a shell gets them."""
    try:
        package = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return ""
    scripts = package.get("scripts") if isinstance(package, dict) else None
    named = scripts if isinstance(scripts, dict) else {}
    return "\n".join(said for name in _INSTALLING if isinstance(said := named.get(name), str))


def _moments(text: str, today: datetime) -> Iterator[datetime]:
    yield from days.named(text, today)
    asked = days.asked(text, today) if harmful(text) else None
    if asked is not None:
        yield asked


def _apart(moments: list[datetime]) -> list[datetime]:
    chosen: list[datetime] = []
    for day in moments:
        if len(chosen) < MAX_DATES and (not chosen or day - chosen[-1] > days.NEAR):
            chosen.append(day)
    return chosen
