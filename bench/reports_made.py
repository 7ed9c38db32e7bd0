"""Reports to measure with: as many as are asked for, alike to real ones, and the same every time.

They are made of real reports where those lie beside the repository (`BIOPSY_SHARED`, or `../shared`), else of
the written ones in `reports_made.json`. Names are put together of halves of names, since a suffix would make
them easier to pack than they are; ids, and hashes of what sources said, are new. No name is of a package that
is accused.

    from bench.reports_made import made
    for path, data in made(240_000): ...
"""

import gzip
import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from biopsy.reports import naming
from biopsy.reports.claim import ORIGINS

_HERE = Path(__file__).resolve().parent
_NAME, _ID = "@@name@@", "@@id@@"
_SPLIT = "-_./"


def shared() -> Path:
    """The folder of data that is not part of the repository; it need not be there."""
    return Path(os.environ.get("BIOPSY_SHARED") or _HERE.parents[1] / "shared")


@cache
def real() -> tuple[dict[str, Any], ...]:
    """Real reports as {path, report}; empty where they are not on this machine."""
    path = shared() / "data/osv-reports.jsonl.gz"
    if not path.is_file():
        return ()
    return tuple(json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines())


def written() -> tuple[dict[str, Any], ...]:
    """The written ones."""
    held = json.loads((_HERE / "reports_made.json").read_text(encoding="utf-8"))
    return tuple({"path": f"osv/malicious/x/x/{one['id']}.json", "report": one} for one in held)


@dataclass(frozen=True, slots=True)
class _Template:
    text: str  # of the report, with marks where the name and the id stand
    ecosystem: str
    before: str  # of a name, what stays: `github.com/owner/`
    tree: str
    year: str
    hashes: tuple[str, ...]


def made(number: int, seed: int = 7, *, raw: bool = False) -> Iterator[tuple[str, bytes]]:
    """Yield `number` reports, each as its path in the OSV layout and its bytes; the same for the same seed.

    They stand as the OpenSSF repository has them: with an id and the records that they were made of. `raw`
    leaves both out and gives each the id of a source (`ONE-7`): what a source says, before it is a report.
    """
    held = real() or written()
    templates = [one for one in map(_template, held) if one]
    words = _Words([name for one in held if (name := _name(one["report"]))], seed)
    numbers: dict[str, int] = {}
    for index in range(number):
        template = templates[index % len(templates)]
        name = words.name(template)
        numbers[template.year] = given = numbers.get(template.year, 0) + 1
        own = f"ONE-{index}" if raw else f"MAL-{template.year}-{given}"
        text = template.text.replace(_NAME, name).replace(_ID, own)
        for place, old in enumerate(template.hashes):
            text = text.replace(old, f"{index:08x}{place:02x}{old[10:]}")
        if raw:
            text = _raw(text)
        path = f"osv/{template.tree}/{naming.folder(template.ecosystem, name)}/{own}.json"
        yield path, text.encode()


def _name(report: dict[str, Any]) -> str:
    return str((report["affected"][0].get("package") or {}).get("name", ""))


def _template(one: dict[str, Any]) -> _Template | None:
    report = json.loads(json.dumps(one["report"]))
    name, own = _name(report), str(report.get("id", ""))
    if not name or own.count("-") != 2:
        return None
    package = report["affected"][0]["package"]
    package.pop("purl", None)  # it would have to be built for each
    package["name"], report["id"] = _NAME, _ID
    ecosystem = package["ecosystem"]
    report["summary"] = f"Malicious code in {_NAME} ({ecosystem})"
    origins = report.get("database_specific", {}).get(ORIGINS) or []
    text = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    return _Template(
        text.replace(f'/{name}"', f'/{_NAME}"'),
        ecosystem,
        name.rpartition("/")[0] + "/" if "/" in name else "",
        "withdrawn" if report.get("withdrawn") else "malicious",
        own.split("-")[1],
        tuple(dict.fromkeys(str(o["sha256"]) for o in origins if len(str(o.get("sha256"))) == 64)),
    )


def _raw(text: str) -> str:
    report = json.loads(text)
    report.get("database_specific", {}).pop(ORIGINS, None)
    report["details"] = report.get("details", "").rpartition(")\n")[2].strip()
    return json.dumps(report, ensure_ascii=False)


class _Words:
    """Names put together of halves of names; none twice in one ecosystem, whatever its rules."""

    def __init__(self, names: list[str], seed: int) -> None:
        plain = [name.rpartition("/")[2] for name in names]
        self._first = [_half(name)[0] for name in plain] or ["a"]
        self._last = [_half(name)[1] for name in plain] or ["b"]
        self._random = random.Random(seed)
        self._used: set[tuple[str, str]] = set()

    def name(self, template: _Template) -> str:
        pick = self._random.choice
        for tried in count(1):
            end = self._random.randrange(10**tried)  # longer, where the words are few and used up
            name = f"{template.before}{pick(self._first)}{pick(self._last)}{end}"
            at = template.ecosystem, naming.canonical(template.ecosystem, name).lower()
            if at not in self._used:
                self._used.add(at)
                return name
        raise AssertionError


def _half(name: str) -> tuple[str, str]:
    """Cut a name where its words meet, else in the middle."""
    middle = len(name) // 2
    cuts = [i for i, letter in enumerate(name) if letter in _SPLIT and 0 < i < len(name) - 1]
    at = min(cuts, key=lambda i: abs(i - middle), default=middle)
    return name[:at] or "x", name[at:] or "x"
