"""A repository in Maven's layout: `maven-metadata.xml`, a version's pom, its jar, and hashes beside each."""

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from biopsy.ecosystems import asking, maven, order
from biopsy.ecosystems.choosing import chosen, univers_key
from biopsy.ecosystems.maven.identity import coordinates
from biopsy.ecosystems.protocol import MAX_TEXT, Facts, Listing, Published
from biopsy.errors import RegistryError
from biopsy.model.elements import Element, parse
from biopsy.model.regex import regex
from biopsy.model.release import Endpoint, Release, Remote

if TYPE_CHECKING:
    import httpx

MAX_VERSIONS = 20_000
"""Most versions of one artifact, the latest, that are looked at."""

_VERSION = regex(r"[A-Za-z0-9][A-Za-z0-9_.+~-]{0,127}")
_ENDINGS = {"war": "war", "ear": "ear", "aar": "aar", "pom": "pom"}
_DIGESTS = (("sha512", 128), ("sha256", 64), ("sha1", 40))
_key = univers_key("MavenVersion")


def resolve(client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
    """Find one version; what its pom is packaged as says which file it is."""
    group, _, artifact = release.name.partition("/")
    root = f"{endpoint.url}{quote(group.replace('.', '/'))}/{quote(artifact)}"
    about = f"artifact {group}:{artifact}"
    found = _xml(asking.body(client, endpoint, f"{root}/maven-metadata.xml", "*/*", about), about)
    versioning = found.first("versioning")
    listed = {one.text for one in versioning.all("versions", "version") if _VERSION.fullmatch(one.text)}
    every = sorted(listed, key=_key)[-MAX_VERSIONS:]
    version = chosen(about, release.version, every, maven.early, versioning.say("release"))
    folder, stem = f"{root}/{quote(version)}", f"{artifact}-{version}"
    pom = _xml(asking.body(client, endpoint, f"{folder}/{stem}.pom", "*/*", f"{about}:{version}"), about)
    ending = _ENDINGS.get(pom.say("packaging"), "jar")
    filename = f"{stem}.{ending}"
    url = f"{folder}/{quote(filename)}"
    published = tuple(Published(one) for one in every)
    return Listing(
        Release("maven", release.name, version),
        (Remote(filename, url, "pom" if ending == "pom" else "jar", _digests(client, endpoint, url)),),
        published,
        Facts(
            pom.say("description")[:MAX_TEXT],
            pom.say("url")[:MAX_TEXT],
            (pom.say("scm", "url") or pom.say("scm", "connection"))[:MAX_TEXT],
            pom.say("licenses", "license", "name")[:MAX_TEXT],
            pom.say("developers", "developer", "name")[:MAX_TEXT],
            _moved(pom),
            versioning.say("release") or (every[-1] if every else ""),
        ),
        previous=order.previous(published, version, maven.early),
    )


def _xml(data: bytes, about: str) -> Element:
    found = parse(data)
    if isinstance(found, str):
        raise RegistryError(f"the configured repository's answer about {about} cannot be read: {found}")
    return found


def _digests(client: "httpx.Client", endpoint: Endpoint, url: str) -> tuple[tuple[str, str], ...]:
    """Read the strongest hash that lies beside a file."""
    for algorithm, length in _DIGESTS:
        body = asking.perhaps(client, endpoint, f"{url}.{algorithm}")
        if match := re.match(rb"\s*([0-9a-fA-F]{%d})\b" % length, body):
            return ((algorithm, match[1].decode().lower()),)
    return ()


def _moved(pom: Element) -> str | None:
    """Say where an artifact went, as its pom does; None where it stayed."""
    place = pom.first("distributionManagement", "relocation")
    if not place.name:
        return None
    group, artifact, _ = coordinates(pom)
    return f"moved to {place.say('groupId') or group}:{place.say('artifactId') or artifact}"[:MAX_TEXT]
