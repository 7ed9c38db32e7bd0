"""What has to lie in a run's layer so that every interpreter in it keeps a journal of evaluated code.

Python: `encodings`, which every Python loads before anything else, with `-S`, `-I` and in any environment of
pip's, is given a tail that adds an audit hook.

Node: `libdl.so.2`, an empty library that today only programs linked long ago still load, Node among them, is
replaced by one that has Node load a module of ours first. That module has an inspector's session tell of
every script that is compiled, and hides that it was there.

Time: a library of `clock.c` and `calls.c` is loaded into every program that is dynamically linked (see
`CLOCK`), and lets what sleeps wake at once. With `guise.c` it also says what machine this is.

PHP, and any engine that lets its compiler be replaced: `engine_*.c`, parts of that library too, each of which
does nothing in a program that has not that engine in it.

The first process: a program of `init.c`, where a machine has its own.

All are compiled by the image's own Python and compiler, once for an image, and kept beside it.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib.resources import files as resources
from pathlib import Path

from biopsy.errors import SandboxError
from biopsy.sandbox.order import Place
from biopsy.sandbox.toolchain import toolchains

JOURNAL = "/var/crash"
"""Where interpreters write: anybody may make files in it and nobody may list it, as for crash reports."""

JOURNALLING = 0o1 | 0o100 | 0o2000 | 0o400000 | 0o2000000
"""How they open it: O_WRONLY O_CREAT O_APPEND O_NOFOLLOW O_CLOEXEC."""

_MODE = 0o1733
_TABLES = "/var/spool/cron/crontabs"  # cron itself is not there; the phase `later` does its work
_PATIENCE = 60
_ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
_STDLIB = re.compile(r"python3\.\d+")
_NODE = "/usr/local/bin/node"
MODULE = "/usr/local/share/node/journal.cjs"
"""What every Node loads before anything else."""

CLOCK = "libtimekeep.so.0"
"""The library that all programs load. `ld.so` would ask `/etc/ld.so.preload` for it, where everybody looks;
the one in the layer asks another file, whose name is as long."""

START, UP = "TK_START", "TK_UP"
"""Variables by which a phase's first process is told how many seconds its clock is ahead, and how many the
machine has been up; it takes them out of its environment before anything else begins."""

HOST, USER = "TK_HOST", "TK_USER"
"""The same for what the machine and its user are called, until the next phase (`drivers/suited.py`)."""

INIT = "/usr/sbin/init"
"""What the kernel of the machine starts first."""

_INIT_PROGRAM = "/usr/lib/systemd/systemd"

GUISE = "/usr/lib/hwdata.d"
"""Below it stand the files of `/proc` and `/sys` as the profile's machine has them."""

_LIBRARY = ("clock.c", "calls.c", "guise.c", "places.c", "named.c")
_ASKED, _ASKS_INSTEAD = b"/etc/ld.so.preload\0", b"/usr/lib/ld.so.use\0"
_BUILD_CLOCK = """
set -e
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cat > "$folder/clock.c"
gcc -O2 -shared -fPIC -s -o "$folder/clock.so" "$folder/clock.c" -Wl,-soname,"$1" >&2
cat "$folder/clock.so"
"""

_BUILD_INIT = """
set -e
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cat > "$folder/init.c"
gcc -O2 -s -o "$folder/init" "$folder/init.c" >&2
cat "$folder/init"
"""

# With the versions that the library had, without which programs would refuse it.
_BUILD = """
set -e
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cat > "$folder/libdl.c"
before=
objdump -p "$1" | sed -n '/^Version definitions/,/^$/p' | grep -o 'GLIBC_[0-9.]*$' | sort -uV > "$folder/all"
for version in $(cat "$folder/all"); do
  echo "$version { } $before;"
  before=$version
done > "$folder/libdl.map"
gcc -O2 -shared -fPIC -s -o "$folder/libdl.so.2" "$folder/libdl.c" -Wl,-soname,libdl.so.2 \
  -Wl,--version-script,"$folder/libdl.map" >&2
cat "$folder/libdl.so.2"
"""
_COMPILE = """
import marshal, sys
path = sys.argv[1]
code = compile(sys.stdin.buffer.read(), path, "exec", dont_inherit=True)
import importlib.util
sys.stdout.buffer.write(importlib.util.MAGIC_NUMBER + marshal.dumps(code))
"""


def places(image: Path) -> tuple[Place, ...]:
    """Give what to put into the layer over this image; raise SandboxError where it cannot be made."""
    kept = image.parent / f"inside-{_digest()}"
    if not kept.is_dir():
        _make(image, kept)
    files = sorted(file for file in kept.rglob("*") if file.is_file())
    folder = Place(JOURNAL, mode=_MODE, folder=True, age=90 * 86400)
    tables = Place(_TABLES, mode=0o1777, folder=True, age=90 * 86400)
    crontab = Place("/usr/bin/crontab", _part("crontab.sh").encode(), mode=0o755, age=90 * 86400)
    init = Place(INIT, link=_INIT_PROGRAM, age=90 * 86400)
    own = () if (image / "usr/bin/crontab").exists() else (tables, crontab)
    return (
        folder,
        init,
        *own,
        *_unhandled(image),
        *(_place(file, "/" + file.relative_to(kept).as_posix(), image) for file in files),
    )


def _unhandled(image: Path) -> Iterator[Place]:
    """Lead Debian's handler of crashes, which is not there, nowhere, as Python's own builds have none.

    It is a `sitecustomize.py` that stands before the one that a package may have brought.
    """
    for file in sorted((image / "etc").glob("python3*/sitecustomize.py")):
        inside = f"/{file.relative_to(image).as_posix()}"
        yield Place(inside, link="/usr/share/apport/sitecustomize.py", age=90 * 86400)


def _place(file: Path, inside: str, image: Path) -> Place:
    """Place a file where the image has one, as old as that; its content is that of `file`."""
    there = image / inside[1:]
    mode = (there if there.exists() else file).stat().st_mode & 0o777
    return Place(inside, file.read_bytes(), mode=mode, when=int(file.stat().st_mtime))


@cache
def _digest() -> str:
    own = ("words.py", "system.py", "listen.py", "system.cjs", "listen.cjs", "libdl.c", "init.c")
    told = (_BUILD, _COMPILE, _BUILD_CLOCK, CLOCK, MODULE, START, UP, HOST, USER, GUISE, _managers())
    recipe = "\0".join((*map(_part, (*own, *_library())), *told))
    return hashlib.sha256(recipe.encode()).hexdigest()[:12]


def python() -> str:
    """The text that makes a Python listen, to stand at the end of a module that it loads anyway."""
    listening = _part("words.py") + _part("listen.py").replace("@PLACE@", JOURNAL)
    return _part("system.py").replace("@GUISE@", GUISE) + listening


def node() -> str:
    """The text of the module that makes a Node listen."""
    return _part("system.cjs").replace("@GUISE@", GUISE) + _part("listen.cjs").replace("@PLACE@", JOURNAL)


def _library() -> list[str]:
    """Give the parts of the library: those that know of each other in their order, then those of engines."""
    folder = resources("biopsy.sandbox") / "inside" / "drivers"
    return [*_LIBRARY, *sorted(file.name for file in folder.iterdir() if file.name.startswith("engine_"))]


def _part(name: str) -> str:
    return (resources("biopsy.sandbox") / "inside" / "drivers" / name).read_text()


def _make(image: Path, kept: Path) -> None:
    part = Path(tempfile.mkdtemp(prefix=".inside-", dir=image.parent))
    try:
        _python(image, part)
        _node(image, part)
        _clock(image, part)
        _init(image, part)
        part.chmod(0o755)
        part.rename(kept)
    except OSError as err:
        if not kept.is_dir():  # else another run was quicker
            raise SandboxError(f"what listens inside interpreters cannot be made: {err}") from err
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _python(image: Path, part: Path) -> None:
    for folder in sorted((image / "usr/lib").iterdir()):
        source = folder / "encodings" / "__init__.py"
        if not _STDLIB.fullmatch(folder.name) or not source.is_file():
            continue
        inside = f"/usr/lib/{folder.name}/encodings"
        text = source.read_bytes() + python().encode()
        when = int(source.stat().st_mtime)
        compiler = (f"/usr/bin/{folder.name}", "-I", "-S", "-c", _COMPILE)
        compiled = _inside(image, text, *compiler, f"{inside}/__init__.py")
        head = b"\0\0\0\0" + when.to_bytes(4, "little") + len(text).to_bytes(4, "little")
        tag = folder.name.replace("python", "cpython-").replace(".", "")
        _write(part / inside[1:] / "__init__.py", text, when)
        _write(
            part / inside[1:] / "__pycache__" / f"__init__.{tag}.pyc",
            compiled[:4] + head + compiled[4:],
            when,
        )


def _node(image: Path, part: Path) -> None:
    """Make Node's module and the library that has it loaded."""
    libraries = sorted((image / "usr/lib").glob("*/libdl.so.2"))
    if not (image / _NODE[1:]).is_file() or not libraries:
        return
    module = node().encode()
    when = int((image / _NODE[1:]).stat().st_mtime)
    _write(part / MODULE[1:], module, when)
    source = _part("libdl.c").replace("@MODULE@", MODULE).encode()
    for library in libraries:
        built = _inside(image, source, "sh", "-c", _BUILD, "sh", f"/{library.relative_to(image)}")
        _write(part / library.relative_to(image), built, int(library.stat().st_mtime))


def _clock(image: Path, part: Path) -> None:
    """Make the library that keeps time, and an `ld.so` that has every program load it."""
    source = "".join(map(_part, _library()))
    words = {"PLACE": JOURNAL, "START": START, "UP": UP, "HOST": HOST, "USER": USER, "GUISE": GUISE}
    words |= {"MANAGERS": _managers(), "MODULE": MODULE}
    for word, text in words.items():
        source = source.replace(f"@{word}@", text)
    for loader in sorted((image / "usr/lib").glob("*/ld-linux-*.so.*")):
        data, when = loader.read_bytes(), int(loader.stat().st_mtime)
        if data.count(_ASKED) != 1:
            continue
        built = _inside(image, source.encode(), "sh", "-c", _BUILD_CLOCK, "sh", CLOCK)
        library = loader.parent.relative_to(image) / CLOCK
        _write(part / library, built, when)
        _write(part / loader.relative_to(image), data.replace(_ASKED, _ASKS_INSTEAD), when)
        _write(part / _ASKS_INSTEAD[1:-1].decode(), f"/{library}\n".encode(), when)
        return


def _managers() -> str:
    """The programs and scripts that keep real time, as texts of C."""
    return ", ".join(f'"{name}"' for one in toolchains().values() for name in one.real_time)


def _init(image: Path, part: Path) -> None:
    """Make the first process: its file, its name and its command line are those of a real one."""
    built = _inside(image, _part("init.c").encode(), "sh", "-c", _BUILD_INIT)
    _write(part / _INIT_PROGRAM[1:], built, int((image / "etc/debian_version").stat().st_mtime))
    (part / _INIT_PROGRAM[1:]).chmod(0o755)


def _write(path: Path, data: bytes, when: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (when, when))


def _inside(image: Path, given: bytes, *command: str) -> bytes:
    """Run a program of the image's own, which is Debian's, on a text of ours."""
    done = subprocess.run(
        ["chroot", str(image), *command],
        input=given, capture_output=True, env=_ENV, timeout=_PATIENCE, check=False,
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise SandboxError(f"what listens inside interpreters cannot be made: {said[-300:]}")
    return done.stdout
