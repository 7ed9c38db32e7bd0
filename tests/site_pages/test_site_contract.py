"""The pages against the OpenAPI document, asked by schemathesis: it finds nothing. Only with BIOPSY_TESTS=whole."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from made_site import home

from biopsy.web.app import Settings, build
from thorough import WHOLE

# What a schema cannot say, and so may be refused though it allows it: that a day is one, a cursor one of ours,
# what is asked for is there.
CONFIG = """
[generation]
deterministic = true

[checks]
positive_data_acceptance.enabled = false
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """Where a server listens."""
    place = home(tmp_path)
    app = build(place / "reports.db", Settings(place / "reports.db", home=place))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.mark.skipif(not WHOLE, reason="half a minute")
def test_schemathesis_finds_nothing_in_the_pages(served: str, tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", f"{served}/openapi.json",
        "--include-tag", "site", "--max-examples", "4", "--phases", "examples,coverage,fuzzing",
        "--suppress-health-check", "all", "--no-color",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
