"""What tests of workers share."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def cache(home: Path) -> Path:
    """The folder where rules and patterns lie ready: reading them anew takes seconds, which no test is about."""
    folder = home / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
