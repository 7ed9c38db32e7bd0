"""The guard's side for pip, uv, poetry and pdm: an index at `/pypi/simple/`, files at `/pypi/files/`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from biopsy.guard import simple
from biopsy.guard.ruling import NOTHING, Known, Offered, Ruling
from biopsy.model.release import Endpoint
from biopsy.web.guard.asked import Answer, Asked, RefusedError, problem, tag
from biopsy.web.guard.files import Wanted
from biopsy.web.guard.gate import Gate, Made, listing, told
from biopsy.web.guard.passing import Passing
from biopsy.web.guard.projects import Project, Projects, normal
from biopsy.web.guard.upstream import Page, Upstream

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,198}[A-Za-z0-9])?")
_FILENAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!~-]{0,254}")
_BESIDE = (".metadata", ".asc", ".provenance")
FAR = 1e18


@dataclass(slots=True)
class Pypi:
    """An index, filtered."""

    gate: Gate
    upstream: Upstream
    passing: Passing
    projects: Projects

    async def answer(self, asked: Asked) -> Answer:
        """Answer what is below `/pypi/`; raises RefusedError and RegistryError."""
        if asked.method not in {"GET", "HEAD"}:
            raise RefusedError(
                405, "the guard only lets packages out of the index: publish to the index itself"
            )
        match asked.path[1:]:
            case ("simple", ""):
                return await self._names(asked)
            case ("simple", name, "") if _NAME.fullmatch(name):
                return await self._listing(asked, name)
            case ("simple",):
                return Answer(301, headers={"location": "simple/"})
            case ("simple", name) if _NAME.fullmatch(name):
                return Answer(301, headers={"location": f"{normal(name)}/"})
            case ("files", name, filename) if _NAME.fullmatch(name) and _FILENAME.fullmatch(filename):
                return await self._file(asked, normal(name), filename)
        raise RefusedError(404, "no such page: an index is at /pypi/simple/")

    async def _names(self, asked: Asked) -> Answer:
        endpoint = await self.projects.endpoint("")
        page = await self.upstream.page(endpoint, endpoint.url, asked.headers.get("accept", "") or "*/*")
        return Answer(page.status, page.body, page.type or "text/html", {"vary": "accept"})

    async def _listing(self, asked: Asked, given: str) -> Answer:
        name = normal(given)
        if given != name:
            return Answer(301, headers={"location": f"../{name}/"})
        page = await self.projects.page(name)
        form = wanted_form(asked.headers.get("accept", ""))
        key = ("pypi", page.url, name, form, asked.client.shown, asked.base, str(asked.through))
        made = self.gate.made(key, page) or self.gate.keep(key, await self._make(asked, page, name, form))
        self.gate.log_listing(asked, made.decision)
        headers = {"etag": made.tag, "vary": "accept, user-agent", "cache-control": "no-cache"}
        if page.serial:
            headers["x-pypi-last-serial"] = page.serial
        if asked.knows(made.tag):
            return Answer(304, headers=headers)
        return Answer(200, made.body, form, headers)

    async def _make(self, asked: Asked, source: Page, name: str, form: str) -> Made:
        project = await self.projects.project(source, name)
        basis, rulings = self.gate.basis(), self._rulings(project, name)
        until = min((r.until for r in rulings.values() if r.until), default=FAR)
        offered = {f.filename: Offered("pypi", name, f.version or f.filename) for f in project.page.files}
        by_reason = {id(r): offered[file] for file, r in rulings.items()}
        page = simple.filtered(
            project.page,
            rulings,
            asked.client.shown,
            lambda file: file.url if asked.through else f"../../files/{name}/{quote(file.filename)}",
            lambda ruling: told(ruling, by_reason[id(ruling)], asked.base),
        )
        body = simple.to_json(page, name) if form == simple.JSON else simple.to_html(page, name)
        worst: dict[str, Ruling] = {}
        for file, ruling in rulings.items():
            version = offered[file].version
            if version not in worst or not worst[version].blocks:
                worst[version] = ruling
        return Made(body, tag(body), source, basis, until, listing("pypi", name, worst))

    def _rulings(self, project: Project, name: str) -> dict[str, Ruling]:
        """By file: what becomes of it."""
        hashes: dict[str, list[str]] = {}
        for file in project.page.files:
            hashes.setdefault(file.version, []).extend(f"{k}:{v}" for k, v in file.digests)
        known = self.gate.knowledge.of("pypi", name, hashes)
        return {f.filename: self._ruling(project, f, name, known) for f in project.page.files}

    def _ruling(self, project: Project, file: simple.File, name: str, known: dict[str, Known]) -> Ruling:
        return self.gate.rule(self._offered(project, file, name), known.get(file.version, NOTHING))

    @staticmethod
    def _offered(project: Project, file: simple.File, name: str) -> Offered:
        at = project.times.get(file.filename)
        return Offered("pypi", name, file.version, at, scripts=not file.wheel)

    async def _file(self, asked: Asked, name: str, given: str) -> Answer:
        filename = next((given.removesuffix(end) for end in _BESIDE if given.endswith(end)), given)
        endpoint = await self.projects.of(name)
        project = await self.projects.project(await self.projects.page(name), name)
        file = next((f for f in project.page.files if f.filename == filename), None)
        if file is None:
            raise RefusedError(404, f"the configured index has no file {filename!r} of {name}")
        return await self._passed(asked, endpoint, project, name, file, given.removeprefix(filename))

    async def through(self, asked: Asked, url: str) -> Answer | None:
        """The file at an address that a lock file has; None where that is no file of a project."""
        given = unquote(urlsplit(url).path.rpartition("/")[2])
        end = next((end for end in _BESIDE if given.endswith(end)), "")
        found = simple.named(given.removesuffix(end))
        if found is None:
            return None
        name, version = found
        endpoint, filename = await self.projects.of(name), given.removesuffix(end)
        try:
            project = await self.projects.project(await self.projects.page(name), name)
        except RefusedError:
            project = Project(Page(url, 404, "", b""), simple.Page(()))
        plain = url.removesuffix(end)
        file = next((f for f in project.page.files if f.filename == filename), None)
        if file is None or file.url != plain:  # of another place: what is known of the release holds
            said = file.said if file else {}
            file = simple.File(filename, plain, version, filename.endswith(".whl"), said)
        return await self._passed(asked, endpoint, project, name, file, end)

    async def _passed(  # noqa: PLR0917 - what a file is
        self, asked: Asked, endpoint: Endpoint, project: Project, name: str, file: simple.File, end: str
    ) -> Answer:
        filename = file.filename
        hashes = {file.version: [f"{k}:{v}" for k, v in file.digests]}
        known = self.gate.knowledge.of("pypi", name, hashes).get(file.version, NOTHING)
        offered = self._offered(project, file, name)
        ruling = self.gate.rule(offered, known)
        if not end or ruling.blocks:
            self.gate.log_file(asked, offered, filename, ruling)
        if ruling.blocks:
            version = offered.version or filename
            return problem(403, told(ruling, Offered("pypi", name, version), asked.base))
        if end:
            return await self._beside(asked, endpoint, file, end)
        await self.passing.looked_at(asked, offered, ruling, known, dict(file.digests))
        size = file.said.get("size")
        return await self.passing.file(
            asked, Wanted(endpoint, file.url, file.digests, size if isinstance(size, int) else None)
        )

    async def _beside(self, asked: Asked, endpoint: Endpoint, file: simple.File, end: str) -> Answer:
        """What lies beside a file: its metadata (PEP 658), verified where the page has the hash of it."""
        if end == ".provenance":
            said = file.said.get("provenance")
            if not isinstance(said, str) or not said.startswith(("https://", "http://")):
                raise RefusedError(404, "it has no provenance")
            page = await self.upstream.page(endpoint, said, "application/vnd.pypi.integrity.v1+json")
            return Answer(page.status, page.body, page.type or "application/json")
        held = file.said.get("core-metadata", file.said.get("dist-info-metadata"))
        pairs = tuple((k, str(v).lower()) for k, v in (held if isinstance(held, Mapping) else {}).items())
        return await self.passing.file(
            asked, Wanted(endpoint, file.url + end, pairs if end == ".metadata" else ())
        )

    def address(self, name: str, filename: str) -> str:
        """Where the index has a file that was listed a while ago; empty where none was."""
        held = self.projects.kept(normal(name))
        return next((f.url for f in held.page.files if f.filename == filename), "") if held else ""

    async def offers(self, name: str) -> dict[str, Ruling]:
        """By version, what becomes of it: the worst of its files. For people who ask why."""
        project = await self.projects.project(await self.projects.page(name), name)
        found: dict[str, Ruling] = {}
        rulings = self._rulings(project, name)
        for file in project.page.files:
            if file.version and (file.version not in found or rulings[file.filename].blocks):
                found[file.version] = rulings[file.filename]
        return found


def wanted_form(accept: str) -> str:
    """The media type to answer with (PEP 691, "Version + Format Selection")."""
    best, form = -1.0, "text/html"
    for part in accept.lower().split(",")[:20]:
        media, _, parameters = part.partition(";")
        quality = re.search(r"\bq\s*=\s*([01](?:\.\d{0,3})?)", parameters)
        weight = float(quality[1]) if quality else 1.0
        name = {
            "application/vnd.pypi.simple.latest+json": simple.JSON,
            "application/vnd.pypi.simple.latest+html": simple.HTML,
        }.get(media.strip(), media.strip())
        if name in {simple.JSON, simple.HTML, "text/html"} and weight > best and weight > 0:
            best, form = weight, name
    return form


__all__ = ["Pypi", "normal", "wanted_form"]
