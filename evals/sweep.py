"""Static reading of whatever packages lie on this machine already; a table of those that are not quiet.

python -m evals.sweep FOLDER … : site-packages, dist-packages and node_modules folders, or folders above them

Each installed package is packed from the files that are there, so what only its archive had is missing.
Nothing is fetched, nothing is run. All are read in one process, which is quick; its memory says nothing.
"""

import json
import shutil
import sys
import tempfile
import traceback
import zipfile
from collections.abc import Iterator
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

import rich_click as click
from platformdirs import user_data_path
from rich.console import Console

from evals import corpus_one, corpus_table

RESULTS = Path(__file__).parent / "results" / "sweep.json"
MAX_BYTES = 300 * 1024**2  # of one package


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--home", envvar="BIOPSY_HOME", type=click.Path(path_type=Path), help="BIOPSY_HOME.")
def main(folders: tuple[Path, ...], home: Path | None) -> None:
    """Read installed packages; print those of which something worrying is said."""
    own = corpus_one.prepare((home or user_data_path("biopsy", appauthor=False)).expanduser().absolute())
    rows: dict[str, dict[str, Any]] = {}
    for name, version, maker in packages(folders):
        key = f"{name}@{version}"
        if key in rows:
            continue
        with tempfile.TemporaryDirectory(prefix="sweep-") as scratch:
            if path := maker(Path(scratch)):
                seen = _read(path, own)
                rows[key] = {"key": key, "target": key, "artifact": "installed", "group": "", "static": seen}
                _write(list(rows.values()))
    found = list(rows.values())
    console = Console()
    console.width = max(console.width, 150)
    corpus_table.show(console, found)
    sys.exit(0 if corpus_table.good(found) else 1)


def _write(rows: list[dict[str, Any]]) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"sums": corpus_table.sums(rows), "rows": rows}, indent=1) + "\n")


def _read(path: Path, home: Path) -> dict[str, Any]:
    """Read one; what breaks is a row too, since that is what is looked for."""
    try:
        return corpus_one.analyse(str(path), "tgz", "-", home, "static")
    except Exception as err:
        (last,) = traceback.extract_tb(err.__traceback__)[-1:]
        return {"verdict": "error", "why": f"{type(err).__name__}: {err} ({last.filename}:{last.lineno})"}


def packages(folders: tuple[Path, ...]) -> Iterator[tuple[str, str, Any]]:
    """Yield name, version and a maker of the artifact of every package below `folders`."""
    for folder in folders:
        for record in sorted(folder.rglob("*.dist-info/RECORD")):
            name, version = _metadata(record.parent / "METADATA")
            if name:
                yield f"pypi:{name}", version, lambda out, r=record, n=name, v=version: _wheel(r, n, v, out)
        for manifest in sorted(folder.rglob("package.json")):
            if manifest.parent.parent.name.startswith("@"):
                top = manifest.parent.parent.parent
            else:
                top = manifest.parent.parent
            name, version = _manifest(manifest)
            if name and top.name == "node_modules":
                yield f"npm:{name}", version, lambda out, m=manifest: _folder(m.parent, out)


def _metadata(path: Path) -> tuple[str, str]:
    try:
        headers = HeaderParser().parsestr(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return "", ""
    return headers.get("Name", ""), headers.get("Version", "")


def _manifest(path: Path) -> tuple[str, str]:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        return str(read.get("name", "")), str(read.get("version", ""))
    except (OSError, ValueError, AttributeError):
        return "", ""


def _wheel(record: Path, name: str, version: str, out: Path) -> Path | None:
    """Pack what RECORD lists, without what an installer made itself."""
    root, size = record.parent.parent, 0
    path = out / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False) as wheel:
        for line in record.read_text(encoding="utf-8", errors="replace").splitlines():
            inside = line.rsplit(",", 2)[0].strip('"')
            file = root / inside
            made = inside.startswith(("/", "..")) or inside.endswith((".pyc", "INSTALLER", "REQUESTED"))
            if made or not file.is_file() or file.is_symlink():
                continue
            size += file.stat().st_size
            if size > MAX_BYTES:
                return None
            wheel.write(file, inside)
    return path if size else None


def _folder(folder: Path, out: Path) -> Path | None:
    """Copy a package of npm without those inside it."""
    if sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) > MAX_BYTES:
        return None
    target = out / (folder.name if folder.name != "node_modules" else "package")
    shutil.copytree(folder, target, symlinks=True, ignore=shutil.ignore_patterns("node_modules"))
    return target


if __name__ == "__main__":
    main()
