"""The modules of a source distribution that could not be installed: used by pymodules.py.

Should a build fail, on purpose or not, the modules are tried where they lie in the archive.
"""

import os
import tarfile
import tempfile
import zipfile

MAX_BYTES = 200 * 1024**2  # of all that is unpacked
MAX_FILES = 20_000
FOLDER = "pip-source-"  # beside what pip unpacks, under a name like those
OTHERS = {"setup", "conftest", "noxfile", "fabfile", "tasks", "manage"}  # at the top, and not to be imported


def unpack(file):
    """Unpack the regular Python files of an archive; give the folder that is to be on the path, else None."""
    if not file.endswith((".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip")) or not os.path.isfile(file):
        return None
    root = tempfile.mkdtemp(prefix=FOLDER)
    try:
        left, files = MAX_BYTES, 0
        for name, size, data in members(file):
            parts = [part for part in name.split("/") if part not in ("", ".")]
            left, files = left - size, files + 1
            if left < 0 or files > MAX_FILES:
                break
            if len(parts) < 2 or ".." in parts or "\0" in name:
                continue
            path = os.path.join(root, *parts)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as out:
                out.write(data())
    except Exception:
        pass  # what is there is there
    tops = sorted(os.listdir(root))
    if not tops:
        return None
    top = os.path.join(root, tops[0])
    inner = os.path.join(top, "src")
    return inner if os.path.isdir(inner) and not os.path.exists(os.path.join(inner, "__init__.py")) else top


def members(file):
    """Yield name, size and a reader of each regular file."""
    if file.endswith(".zip"):
        with zipfile.ZipFile(file) as archive:
            for one in archive.infolist():
                if not one.is_dir():
                    yield one.filename, one.file_size, lambda one=one: archive.read(one)
        return
    with tarfile.open(file) as archive:
        for one in archive:
            if one.isfile():
                yield one.name, one.size, lambda one=one: archive.extractfile(one).read()


def modules(root):
    """Give what can be imported from a folder, by its dotted name, and whether it is a package: modules at the
    top and the packages that say they are such, with all below them."""
    found = {}
    for name in sorted(os.listdir(root)):
        path = os.path.join(root, name)
        if name.endswith(".py") and name[:-3].isidentifier() and name[:-3] not in OTHERS:
            found[name[:-3]] = False
        elif name.isidentifier() and os.path.isfile(os.path.join(path, "__init__.py")):
            below(path, name, found)
    return found


def below(folder, name, found):
    """Add a package with what is in it."""
    found[name] = True
    for entry in sorted(os.listdir(folder)):
        path = os.path.join(folder, entry)
        if entry.endswith(".py") and entry != "__init__.py" and entry[:-3].isidentifier():
            found[f"{name}.{entry[:-3]}"] = False
        elif entry.isidentifier() and os.path.isfile(os.path.join(path, "__init__.py")):
            below(path, f"{name}.{entry}", found)
