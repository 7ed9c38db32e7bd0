"""The server against its own OpenAPI document, asked by schemathesis: it finds nothing."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from seeded import seed

from biopsy.reports.tokens import SCOPES, Tokens
from biopsy.web.app import Settings, build
from thorough import often

# What a schema cannot say, and so may be refused though the schema allows it: a purl or else an ecosystem
# and a name; a file in one of the forms that are read; a report that is there to be decided on.
CONFIG = """
[generation]
deterministic = true

[[operations]]
include-path = ["/v1/query", "/v1/querybatch", "/api/v1/packages", "/api/v1/verdict", "/api/v1/verdicts",
  "/api/v1/check", "/api/v1/write/submit", "/api/v1/write/approve", "/api/v1/write/withdraw",
  "/api/v1/write/reinstate", "/api/v1/write/dispute"]
checks.positive_data_acceptance.enabled = false
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Where a server listens, and a token that may do everything there."""
    path = seed(tmp_path / "reports.db")
    _, token = Tokens(tmp_path / "tokens.db").create("test", SCOPES, 1)
    app = build(path, Settings(path, tokens=tmp_path / "tokens.db"))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", token
    server.should_exit = True
    thread.join(10)


def test_schemathesis_finds_nothing(served: tuple[str, str], tmp_path: Path) -> None:
    address, token = served
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run",
        f"{address}/openapi.json", "--max-examples", str(often(1, 4)), "--phases", "examples,coverage,fuzzing",
        "--suppress-health-check", "all", "--no-color", "-H", f"Authorization: Bearer {token}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
