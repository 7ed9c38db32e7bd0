"""Renovate's offline database, made of our reports, answers as its own does."""

from pathlib import Path

import pytest
from tests.clients import guide, seeds
from tests.clients.conftest import Client


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("Renovate", marks=pytest.mark.clients("renovate")),
        pytest.param("Renovate of before", marks=pytest.mark.clients("renovate-1")),
    ],
)
def test_renovate_finds_the_bad_releases_alone(client: Client, exports: Path, title: str) -> None:
    client.write("look.mjs", guide.sections()["Renovate"].files["look.mjs"])
    (client.folder / "node_modules").symlink_to(client.path[0].parent)
    ran = client.run(title)
    assert (seeds.PYPI in ran.said, ran.reports(), ran.status) == (True, {seeds.PYPI, seeds.NPM}, 0)
    assert ran.said.splitlines() == [
        f"iniconfig [ '2.0.0' ] {seeds.PYPI}",
        f"ms [ '2.1.2', '2.1.3' ] {seeds.NPM}",
    ]
