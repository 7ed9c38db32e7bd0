"""What a client of RubyGems reads: the compact index, specifications, gems, and the JSON about them."""

import gzip
import hashlib
import io
import re
import tarfile
import zlib
from functools import lru_cache

from tests.registry.answering import MISSING, Answer, Desk, Request, said
from tests.registry.marshal import Dumped, Made, Symbol, dump
from tests.registry.world import File, Package, Version, stamp

from biopsy.ecosystems.gem.specification import Specification, parse

OCTETS = "application/octet-stream"


def answer(desk: Desk, request: Request) -> Answer | None:
    """Answer one request; None where it asks for something else."""
    path = request.path
    if path == "/":
        return Answer(b"a registry of gems", "text/html")
    if path == "/names":
        return Answer(("---\n" + "\n".join(sorted(desk.of.packages)) + "\n").encode(), "text/plain")
    if match := re.fullmatch(r"/info/([^/]+)", path):
        return _info(desk, match[1])
    if match := re.fullmatch(r"/quick/Marshal\.4\.8/([^/]+)\.gemspec\.rz", path):
        return _quick(desk, f"{match[1]}.gem")
    if re.fullmatch(r"/(?:latest_|prerelease_)?specs\.4\.8\.gz", path):
        return _index(desk, path)
    if match := re.fullmatch(r"/api/v1/(versions|gems)/([^/]+?)(/owners)?\.json", path):
        return _json(desk, match[1], match[2], owners=bool(match[3]))
    return None


def _files(package: Package) -> list[tuple[Version, File]]:
    return [
        (v, file) for v in package.present() for file in v.files.values() if file.filename.endswith(".gem")
    ]


def _there(desk: Desk, name: str) -> Package | None:
    package = desk.of.packages.get(name)
    return package if package and not package.deleted and package.present() else None


@lru_cache(maxsize=500)
def _specification(data: bytes) -> Specification:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        member = archive.extractfile("metadata.gz")
        assert member is not None
        found = parse(gzip.decompress(member.read()).decode())
    assert isinstance(found, Specification)
    return found


def _info(desk: Desk, name: str) -> Answer:
    package = _there(desk, name)
    if package is None:
        return MISSING
    lines = ["---"]
    for version in package.present():
        if version.yanked is not None:
            continue
        for file in version.files.values():
            spec = _specification(file.data)
            needs = ",".join(
                f"{one}:{(wanted or '>= 0').replace(', ', '&')}" for one, wanted in spec.dependencies.items()
            )
            full = version.version if spec.platform == "ruby" else f"{version.version}-{spec.platform}"
            lines.append(f"{full} {needs}|checksum:{file.sha256},ruby:>= 2.5")
    body = ("\n".join(lines) + "\n").encode()
    return Answer(body, "text/plain", headers={"etag": f'"{hashlib.md5(body).hexdigest()}"'})


def _quick(desk: Desk, filename: str) -> Answer:
    for package in desk.of.packages.values():
        for _, file in _files(package):
            if file.filename == filename:
                return Answer(zlib.compress(_dumped(_specification(file.data))), OCTETS)
    return MISSING


def _dumped(spec: Specification) -> bytes:
    """Write a specification as an index has it (`Gem::Specification#_dump`)."""
    inner = [
        "3.3.15", 4, spec.name, _version(spec.version), None, spec.summary, _requirement(">= 0"),
        _requirement(">= 0"), spec.platform, [_dependency(*one) for one in spec.dependencies.items()], "",
        list(spec.mails), ["somebody"], spec.description, spec.homepage, True, spec.platform, ["MIT"], {},
    ]  # fmt: skip
    return dump(Dumped("Gem::Specification", dump(inner)))


def _version(text: str) -> Made:
    return Made("Gem::Version", [text])


def _requirement(text: str) -> Made:
    pairs = [one.split() for one in text.split(",")]
    return Made("Gem::Requirement", [[[sign, _version(number)] for sign, number in pairs]])


def _dependency(name: str, wanted: str) -> Made:
    needs = _requirement(wanted or ">= 0")
    return Made(
        "Gem::Dependency",
        name=name, requirement=needs, type=Symbol("runtime"), prerelease=False, version_requirements=needs,
    )  # fmt: skip


def _index(desk: Desk, path: str) -> Answer:
    tuples = []
    for name in desk.of.packages:
        package = _there(desk, name)
        files = _files(package) if package and "prerelease" not in path else []
        for version, file in files[-1:] if "latest" in path else files:
            tuples.append([name, _version(version.version), _specification(file.data).platform])
    return Answer(gzip.compress(dump(tuples), mtime=0), OCTETS)


def _json(desk: Desk, what: str, name: str, *, owners: bool) -> Answer:
    package = _there(desk, name)
    if package is None:
        return MISSING
    if owners:
        return said([{"id": 1, "handle": "alice"}])
    entries = [
        {
            "number": version.version,
            "platform": _specification(file.data).platform,
            "created_at": stamp(file.at),
            "sha": file.sha256,
            "summary": _specification(file.data).summary,
            "authors": "somebody",
            "licenses": ["MIT"],
            "metadata": {},
            "prerelease": any(char.isalpha() for char in version.version),
        }
        for version, file in reversed(_files(package))
        if version.yanked is None
    ]
    if what == "versions":
        return said(entries)
    return said({"name": name, "version": entries[0]["number"], "homepage_uri": "", "source_code_uri": ""})
