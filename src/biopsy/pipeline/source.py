"""From what a person names to artifacts on disk, unpacked: the first three stages."""

import gzip
import hashlib
import io
import tarfile
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from biopsy import ecosystems, fetch
from biopsy.ecosystems import Ecosystem, Listing
from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour, Kind
from biopsy.model.release import Artifact, Release, Remote, Tree
from biopsy.unpack import Unpacked, unpack

MAX_DIRECTORY_FILES = 100_000
MAX_DIRECTORY_BYTES = 512 * 1024**2


class Sample(Struct, frozen=True):
    """One artifact, ready to be read and run."""

    ecosystem: Ecosystem
    release: Release
    artifact: Artifact
    listing: Listing | None = None  # what the registry says; None for a local artifact
    unpacked: Unpacked | None = None  # a local artifact was opened already, to see what it is


class Opened(Struct, frozen=True):
    """A sample with its tree."""

    sample: Sample
    tree: Tree
    oddities: tuple[Behaviour, ...]


def collect(target: str, which: str | None, store: Path, scratch: Path) -> tuple[Sample, ...]:
    """Bring the artifacts that `target` names into `store`.

    Raises UsageError where there is no such release or file, RegistryError where the registry fails.
    """
    parsed = ecosystems.parse_target(target)
    if isinstance(parsed, Path):
        return (_local(parsed, store, scratch),)
    ecosystem = ecosystems.by_type(parsed.ecosystem)
    endpoint = ecosystem.endpoint(parsed.name)
    with fetch.client() as client:
        listing = ecosystem.resolve(client, endpoint, parsed)
        return tuple(
            Sample(ecosystem, listing.release, fetch.fetch(remote, endpoint, client, store), listing)
            for remote in listing.choose(which or "")
        )


def offered(listing: Listing, digest: str, filename: str = "") -> Remote | None:
    """Find among the artifacts of a release the one of this digest, `algorithm:hex`; None if it is not there.

    Where the registry says no digest of that kind of a file of this name, it is that file: its hash is
    checked when it is fetched. Without a digest and a name it is what an install takes.
    """
    algorithm, _, wanted = digest.partition(":")
    for remote in listing.artifacts:
        if wanted and dict(remote.digests).get(algorithm, "").lower() == wanted.lower():
            return remote
    if not digest and not filename:
        return next(iter(listing.choose()), None)
    for remote in listing.artifacts:
        if remote.filename == filename and algorithm not in dict(remote.digests):
            return replace(remote, digests=(*remote.digests, (algorithm, wanted))) if wanted else remote
    return None


def open_up(sample: Sample, scratch: Path) -> Opened:
    """Unpack a sample below `scratch`."""
    unpacked = sample.unpacked or unpack(sample.artifact.path, scratch / f"tree-{sample.artifact.sha256}")
    said = tuple(sample.listing.behaviours()) if sample.listing else ()
    return Opened(sample, unpacked.tree, unpacked.behaviours + said)


def _local(path: Path, store: Path, scratch: Path) -> Sample:
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    folder = f"{path.resolve().name}/" if path.is_dir() else ""
    if folder:
        path = _pack(path, scratch)
    artifact = fetch.adopt(path, store)
    unpacked = unpack(artifact.path, scratch / f"tree-{artifact.sha256}")
    if known := ecosystems.identify(unpacked.tree, folder or artifact.filename):
        ecosystem, release = known
        kind = ecosystem.kind(artifact.filename) or artifact.kind
        return Sample(ecosystem, release, replace(artifact, kind=kind), unpacked=unpacked)
    every = ", ".join(ecosystem.type for ecosystem in ecosystems.all_ecosystems())
    raise UsageError(
        f"{path.name}: no package that biopsy knows (there are: {every}): neither an archive as registries "
        "have it (.whl, .tgz, .gem, .crate, .jar, .nupkg, .vsix, .tar.gz, .zip) nor a folder with a manifest "
        "(pyproject.toml, package.json, *.gemspec, Cargo.toml, composer.json, go.mod, pom.xml, action.yml)"
    )


def _pack(folder: Path, scratch: Path) -> Path:
    """Make the artifact that an unpacked folder would be, the same bytes for the same files."""
    files, total = [], 0
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_symlink() or not path.is_file() or {".git", ".venv"} & set(inside.parts):
            continue
        total += path.stat().st_size
        files.append(path)
        if len(files) > MAX_DIRECTORY_FILES or total > MAX_DIRECTORY_BYTES:
            raise UsageError(
                f"{folder}: more than {MAX_DIRECTORY_FILES} files or {MAX_DIRECTORY_BYTES} bytes; "
                "name the folder of one package, without its dependencies"
            )
    npm = (folder / "package.json").is_file() and not (folder / "setup.py").is_file()
    name = folder.resolve().name or "package"
    top = "package" if npm else name
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in files:
            info = tarfile.TarInfo(f"{top}/{path.relative_to(folder).as_posix()}")
            info.size = path.stat().st_size
            info.mode = 0o755 if path.stat().st_mode & 0o111 else 0o644
            with path.open("rb") as file:
                tar.addfile(info, file)
    data = gzip.compress(buffer.getvalue(), mtime=0)
    target = scratch / hashlib.sha256(data).hexdigest() / f"{name}{'.tgz' if npm else '.tar.gz'}"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return target


def unreadable(opened: Opened) -> str:
    """Say why nothing could be read out of an artifact; empty where something could."""
    if opened.tree.files:
        return ""
    damage = (b.value for b in opened.oddities if b.kind is Kind.ARCHIVE_DAMAGED)
    return next(damage, "the archive holds no file")


__all__ = ["Opened", "Sample", "collect", "offered", "open_up", "unreadable"]
