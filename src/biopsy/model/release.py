"""What a registry publishes: a release, its artifacts, and the tree inside one of them."""

from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct
from packageurl import PackageURL


class Release(Struct, frozen=True):
    """One version of one package. `ecosystem` is a purl type: `pypi`, `npm`.

    `name` is in the ecosystem's normal form; for npm it includes the scope (`@scope/name`).
    An empty `version` means "the newest" until the registry was asked.
    """

    ecosystem: str
    name: str
    version: str = ""

    @property
    def purl(self) -> str:
        """The release as the rest of the world writes it (package-url specification)."""
        namespace, _, name = self.name.rpartition("/")
        return PackageURL(self.ecosystem, namespace or None, name, self.version or None).to_string()


class Endpoint(Struct, frozen=True):
    """A registry as this machine's own package client is configured to use it.

    `url` ends in `/`. `authorization` is the header a private registry wants; it never enters a sandbox.
    `paths` are regular expressions (full match) of what an install may fetch below `url`; `links` is one
    whose group 1 is a URL in an answer that may then be fetched too; `roots` is one whose group 1 is the
    beginning of URLs, below which `paths` may be fetched too. `accepts` are media types that its clients ask
    for beside the common ones, an expression. All of these serve the registry gateway.
    """

    ecosystem: str
    url: str
    authorization: str = ""
    paths: tuple[str, ...] = ()
    links: str = ""
    roots: str = ""
    accepts: str = ""

    def headers(self, url: str) -> dict[str, str]:
        """Give what to send along when asking for `url`: the authorization, to the registry itself alone."""
        try:
            mine, theirs = urlsplit(self.url), urlsplit(url)
        except ValueError:
            return {}  # no address: whoever asks will say so
        if self.authorization and (mine.scheme, mine.netloc) == (theirs.scheme, theirs.netloc):
            return {"authorization": self.authorization}
        return {}


class Remote(Struct, frozen=True):
    """An artifact as a registry offers it: where it is, and what it should hash to.

    `digests` maps an algorithm of hashlib to the digest in hex, as far as the registry says.
    `kind` is the ecosystem's word for the form of the artifact: `sdist`, `wheel`, `tgz`.
    """

    filename: str
    url: str
    kind: str
    digests: tuple[tuple[str, str], ...] = ()
    size: int | None = None
    yanked: str | None = None
    uploaded: str | None = None


class Artifact(Struct, frozen=True):
    """One file of a release on our disk, known by its sha256.

    `verified` is True when the registry's own hash was compared and equal, False when there was none
    to compare with (a local file). A hash that differs is a RegistryError, never an artifact.
    """

    filename: str
    kind: str
    path: Path
    size: int
    sha256: str
    verified: bool = False


class TreeFile(Struct, frozen=True):
    """One regular file of a tree. `path` is relative, with `/`, and safe to join to the tree's root."""

    path: str
    size: int
    sha256: str
    mode: int = 0o644


class Tree(Struct, frozen=True):
    """What is inside an artifact, unpacked under limits into `root`.

    The top folder that an sdist or npm tarball wraps everything in is stripped: `setup.py`, `package.json`
    and `pkg/__init__.py` stand where a reader expects them. Links and devices are never created: they are
    behaviours (`archive.link`), as is everything else odd about the archive.
    """

    root: Path
    files: tuple[TreeFile, ...]
