"""Real packages that Debian ships as source, packed as their registry has them: all must be benign.

python -m evals.debian TYPE [--only NAME …] [--static-only] [--home HOME]

They are fetched with apt, served by a stand-in registry to the real client in the sandbox, and analysed one
after the other. Exit 1 where one was convicted or suspected.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import httpx
import msgspec
import rich_click as click
from platformdirs import user_data_path
from tests.registry import StandIn

from biopsy import fetch
from evals.run import Seen, look, prepare

RESULTS = Path(__file__).parent / "results"


@click.command()
@click.argument("kind", metavar="TYPE")
@click.option("--only", multiple=True, metavar="NAME", help="Only these packages.")
@click.option("--static-only", is_flag=True, help="Read, run nothing.")
@click.option("--home", envvar="BIOPSY_HOME", type=click.Path(path_type=Path), help="BIOPSY_HOME.")
def main(kind: str, only: tuple[str, ...], static_only: bool, home: Path | None) -> None:  # noqa: FBT001
    """Analyse what Debian ships of one ecosystem."""
    packer = import_module(f"evals.packers.{kind}")
    home = prepare((home or user_data_path("biopsy", appauthor=False)).expanduser().absolute())
    rows = {}
    with tempfile.TemporaryDirectory(prefix="debian-") as name, StandIn() as registry:
        folder = Path(name)
        made = [*packer.pack(_fetched(packer.PACKAGES, folder))]
        for package, version, filename, data in made:
            registry.publish(kind, package, version, [(filename, data)])
        (folder / "home").mkdir()
        host = f"registry-{registry.port}.test"  # another each time: answers are kept for a while
        os.environ.update(packer.configure(f"http://{host}/{kind}/", folder / "home"))
        fetch.client = _towards(host, registry.root)  # type: ignore[assignment]
        for package, _, filename, data in made:
            if not only or package in only:
                path = folder / filename
                path.write_bytes(data)
                rows[filename] = look(path, home, static_only=static_only)
                _say(filename, rows[filename])
    out = RESULTS / f"debian-{kind}{'-static' if static_only else ''}.json"
    if not only:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=1) + b"\n")
    calls = [seen.verdict for seen in rows.values()]
    click.echo(", ".join(f"{calls.count(call)} {call}" for call in dict.fromkeys(calls)))
    sys.exit(any(call in ("malicious", "suspicious", "error") for call in calls))


def _say(filename: str, seen: Seen) -> None:
    why = "" if seen.verdict == "benign" else f"  {', '.join(seen.because) or seen.reason}"
    click.echo(f"{seen.verdict:10} {seen.seconds:6.1f} s  {filename}{why}")


def _fetched(packages: tuple[str, ...], folder: Path) -> Path:
    """Fetch packages with apt and unpack them into one folder."""
    root = folder / "root"
    root.mkdir()
    subprocess.run(
        ["apt-get", "-q", "download", *packages], cwd=folder, check=True, stdout=subprocess.DEVNULL
    )
    for package in sorted(folder.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", str(package), str(root)], check=True)
    return root


def _towards(host: str, root: str) -> Callable[[str], httpx.Client]:
    """Make clients for which the registry's host is the stand-in: one name, inside and outside."""

    def turned(request: httpx.Request) -> None:
        if request.url.host == host:
            request.url = httpx.URL(str(request.url).replace(f"http://{host}", root, 1))

    def client(_agent: str = "") -> httpx.Client:
        return httpx.Client(event_hooks={"request": [turned]}, trust_env=False, follow_redirects=True)

    return client


if __name__ == "__main__":
    main()
