"""Renovate's offline database, made of our reports, answers as its own does."""

from pathlib import Path

import pytest
from tests.clients import seeds
from tests.clients.conftest import Client


@pytest.mark.clients("renovate")
def test_renovate_finds_the_bad_releases_alone(client: Client, exports: Path) -> None:
    (client.folder / "node_modules").symlink_to(client.path[0].parent)
    ran = client.run("Renovate")
    assert ran.said.splitlines() == [
        f"iniconfig [ '2.0.0' ] {seeds.PYPI}",
        f"ms [ '2.1.2', '2.1.3' ] {seeds.NPM}",
    ]
    assert ran.status == 0
