"""A lock file that somebody pasted: what reports say of it, and what the analyses here came to."""

from collections.abc import Iterable, Iterator
from itertools import islice

from msgspec import Struct
from packageurl import PackageURL

from biopsy import guard
from biopsy.errors import BiopsyError
from biopsy.model.check import PURL, Entry, Verdict
from biopsy.reports import naming
from biopsy.reports.query import named as packaged
from biopsy.reports.reader import Reader
from biopsy.reports.verdict import judged
from biopsy.web.check import Checkup, Found, said
from biopsy.web.site import words
from biopsy.web.site.index.answers import Seen
from biopsy.web.site.index.reading import Index
from biopsy.web.site.place import Site
from biopsy.web.site.words import Sort

MAX_LOOKED = 20_000  # packages of a lock file that are looked up among the analyses
MAX_LINES = 1_000  # of a list of packages
_ACCUSED = ("malicious", "suspicious")


class Pasted(Struct, frozen=True):
    """What is known of it. `seen`: analyses of what it names, where they are malicious or suspicious."""

    checkup: Checkup | None = None
    seen: tuple[Seen, ...] = ()
    problem: str = ""


async def looked_up(site: Site, text: str, filename: str) -> Pasted:
    """Read it, and look everything up. It is not kept."""
    data = text.encode("utf-8", "replace")
    name = filename.rpartition("/")[2] or words.called(text)
    chosen = guard.choose(name, data)
    form = chosen.FORM if chosen else "list of packages"
    try:
        entries = guard.read(chosen, guard.Given(name, data)) if chosen else _lines(text)
    except BiopsyError as error:
        return Pasted(problem=f"It looks like {form}, but: {error}")
    if not chosen and not entries:
        return Pasted(problem=f"That is not read: {guard.unread(name, data)}.")
    plain = tuple(map(_plain, entries))
    checkup = await site.stores.run(lambda reader: _reported(reader, form, plain))
    return Pasted(checkup, await site.ask(lambda index: tuple(_accused(index, plain))))


def _lines(text: str) -> tuple[Entry, ...]:
    found: list[Entry] = []
    for number, line in enumerate(text.splitlines()[:MAX_LINES], 1):
        if not line.strip() or line.startswith("#"):
            continue
        one = words.taken(line)
        if not one.ecosystem or one.sort not in {Sort.PURL, Sort.NAME}:
            if not found:
                return ()  # no such list
            raise guard.LockError(f"line {number} names no package with its ecosystem: {line[:80]!r}")
        found.append(Entry(naming.known(one.ecosystem) or one.ecosystem, one.name, one.version, number))
    return tuple(found)


def _plain(entry: Entry) -> Entry:
    """An entry of an SBOM by its ecosystem and name, for people."""
    if entry.ecosystem != PURL:
        return entry
    try:
        purl = PackageURL.from_string(entry.name)
    except ValueError:
        return entry
    package = packaged(purl, entry.name)
    if package is None:
        return entry
    version = purl.version or entry.version
    version = version.removeprefix("v") if package.ecosystem == "Go" else version
    return Entry(package.ecosystem, package.name, version, entry.line, entry.hashes)


def _reported(reader: Reader, form: str, entries: Iterable[Entry]) -> Checkup:
    counts = {verdict.value: 0 for verdict in Verdict}
    found = []
    for one in (judged(entry, reader) for entry in entries):
        counts[one.verdict.value] += 1
        if one.verdict in {Verdict.MALICIOUS, Verdict.POSSIBLE}:
            at = one.entry
            found.append(Found(at.ecosystem, at.name, at.version, at.line, *said(one)))
    found.sort(key=lambda one: one.verdict != Verdict.MALICIOUS.value)
    return Checkup(form, counts, found)


def _accused(index: Index, entries: Iterable[Entry]) -> Iterator[Seen]:
    named = ((one.ecosystem, one.name, one.version) for one in entries if naming.known(one.ecosystem))
    for ecosystem, name, version in islice(dict.fromkeys(named), MAX_LOOKED):
        package = index.package(ecosystem, name)
        if package is None or not package.analyses:
            continue
        newest = index.analyses(ecosystem=ecosystem, name=name, version=version, limit=1).rows
        yield from (one for one in newest if one.call in _ACCUSED)
