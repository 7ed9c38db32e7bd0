"""Layers over an image: the Debian packages that one ecosystem's toolchain needs, and nothing else.

    BIOPSY_HOME/images/<image>/layers/<type>-<id>/root         a further lower layer of that ecosystem's runs
    BIOPSY_HOME/images/<image>/layers/<type>-<id>/layer.json   what it was made from

The id is a hash of the packages and links that `toolchains/<type>.yml` names: others make another layer.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from biopsy.errors import CannotSandbox, SandboxError
from biopsy.sandbox import image
from biopsy.sandbox.image import Image, Progress
from biopsy.sandbox.toolchain import toolchain, toolchains

ASSEMBLY = 1
"""Raised when what `_SCRIPT` does changes, so that layers are built anew."""

_PATIENCE = 1800.0  # seconds that apt may take
_TYPICAL = 60  # packages of a layer

# The image lies below, unchanged; what apt writes is the layer. Services are kept from starting.
_SCRIPT = """
set -e
base=$1; layer=$2; at=$layer/at; shift 2
mkdir -p "$layer/root" "$layer/work" "$at"
mount -t overlay overlay "$at" \
  -o "lowerdir=$base,upperdir=$layer/root,workdir=$layer/work,redirect_dir=off,metacopy=off,index=off"
mount -t proc proc "$at/proc"
cp /etc/resolv.conf "$at/etc/resolv.conf"
printf '#!/bin/sh\\nexit 101\\n' > "$at/usr/sbin/policy-rc.d"
chmod 755 "$at/usr/sbin/policy-rc.d"
chroot "$at" apt-get -q update
chroot "$at" apt-get -q install --yes --no-install-recommends "$@"
rm -rf "$at/etc/resolv.conf" "$at/usr/sbin/policy-rc.d" "$at"/var/lib/apt/lists/* "$at"/var/cache/apt/* \
  "$at"/var/log/apt "$at/var/log/dpkg.log" "$at"/var/cache/ldconfig "$at"/var/cache/debconf/*-old
"""


@dataclass(frozen=True, slots=True)
class Layer:
    """What a toolchain adds to an image. `current` is whether today's file would give the same."""

    type: str
    id: str
    root: Path
    created: str
    size: int  # bytes
    current: bool = True


class _Facts(msgspec.Struct, frozen=True):
    created: str
    size: int


@cache
def layer_id(kind: str) -> str:
    """Return the id of the layer that an ecosystem's toolchain makes today; empty where it needs none."""
    chain = toolchain(kind)
    if chain.base:
        return ""
    made_from = msgspec.json.encode([ASSEMBLY, chain.packages, chain.links], order="deterministic")
    return hashlib.sha256(made_from).hexdigest()[:12]


def wanted() -> tuple[str, ...]:
    """Name the ecosystems whose toolchain needs a layer."""
    return tuple(kind for kind in toolchains() if layer_id(kind))


def of(home: Path, kind: str) -> tuple[Image, tuple[Layer, ...]]:
    """Return the image and the layers that packages of an ecosystem run on; CannotSandbox where one lacks."""
    built = image.current(home)
    if built is None:
        raise CannotSandbox("there is no sandbox image yet: `biopsy image build` makes it")
    if not layer_id(kind):
        return built, ()
    layer = current(built, kind)
    if layer is None:
        raise CannotSandbox(f"there are no tools of {kind} yet: `biopsy image build {kind}` makes them")
    return built, (layer,)


@cache
def _toolchain_id(kind: str) -> str:
    encoded = msgspec.json.encode(toolchain(kind), order="deterministic")
    return hashlib.sha256(encoded).hexdigest()[:12]


def machine_id(home: Path, kind: str) -> str:
    """Name the machine that an ecosystem's packages run on, without its profile: by image and toolchain."""
    built = image.current(home)
    name = built.id if built else ""
    return f"{name}-{_toolchain_id(kind)}" if layer_id(kind) else name


def current(built: Image, kind: str) -> Layer | None:
    """Return the layer of today's toolchain over this image, if it was built."""
    return _load(built.root.parent / "layers" / f"{kind}-{layer_id(kind)}")


def ready(built: Image, kind: str) -> bool:
    """Whether an image has what packages of an ecosystem need."""
    return not layer_id(kind) or current(built, kind) is not None


def layers(built: Image) -> tuple[Layer, ...]:
    """Return every layer over an image, by ecosystem."""
    found = map(_load, sorted((built.root.parent / "layers").glob("[a-z]*-*")))
    return tuple(one for one in found if one)


def remove(layer: Layer) -> None:
    """Delete a layer."""
    doomed = layer.root.parent.with_name(f".removed-{layer.type}-{layer.id}-{os.getpid()}")
    layer.root.parent.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)


def build(home: Path, kind: str, progress: Progress, *, anew: bool = False) -> Image:
    """Build the image and, where the ecosystem's toolchain needs one, the layer, unless they are there.

    Raises CannotSandbox and SandboxError as `image.build`.
    """
    built = image.build(home, progress)
    if not layer_id(kind) or (current(built, kind) and not anew):
        return built
    image.check()
    with image.lock(home / "images", progress):
        there = current(built, kind)
        if there and not anew:
            return built
        folder = built.root.parent / "layers" / f".building-{kind}-{os.getpid()}"
        try:
            _assemble(built, kind, folder, progress)
            if there:
                remove(there)
            folder.rename(folder.with_name(f"{kind}-{layer_id(kind)}"))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    progress(f"tools of {kind} ready", 1.0)
    return built


def _assemble(built: Image, kind: str, folder: Path, progress: Progress) -> None:
    chain = toolchain(kind)
    (folder / "root").mkdir(parents=True)
    folder.chmod(0o755)
    _install(built, folder, chain.packages, kind, progress)
    for where, target in chain.links.items():
        link = folder / "root" / where.lstrip("/")
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    for left in ("work", "at"):
        shutil.rmtree(folder / left, ignore_errors=True)
    size = sum(path.lstat().st_blocks * 512 for path in (folder / "root").rglob("*"))
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    (folder / "layer.json").write_bytes(msgspec.json.encode(_Facts(created, size)))


def _install(built: Image, folder: Path, packages: tuple[str, ...], kind: str, progress: Progress) -> None:
    """Let apt, in a mount namespace of its own, add packages to what lies over the image."""
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "sh", "-c", _SCRIPT, "sh"]
    command += [str(built.root), str(folder), *packages]
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}
    steps, end = 0, time.monotonic() + _PATIENCE
    progress(f"downloading the tools of {kind}", 0.02)
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, env=environment
        ) as process:
            for line in process.stdout or ():
                if line.startswith((b"Unpacking ", b"Setting up ")):
                    steps += 1
                    word = line.decode(errors="replace").split("ing ")[-1].removeprefix("up ").split(" ")[0]
                    progress(f"tools of {kind}: {word}", min(0.95, 0.1 + 0.85 * steps / (2 * _TYPICAL)))
                if time.monotonic() > end:
                    process.kill()
        said.seek(0)
        words = said.read()[-4000:].decode(errors="replace").strip().splitlines()
    if process.returncode:
        why = next((line for line in words if line.startswith("E:")), words[-1] if words else "no output")
        raise SandboxError(f"the tools of {kind} could not be added to the image: {why}")


def _load(folder: Path) -> Layer | None:
    kind, _, name = folder.name.rpartition("-")
    try:
        facts = msgspec.json.decode((folder / "layer.json").read_bytes(), type=_Facts)
    except (OSError, msgspec.MsgspecError):
        return None
    return Layer(kind, name, folder / "root", facts.created, facts.size, name == layer_id(kind))
