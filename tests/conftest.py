"""What tests share: one home with the sandbox image in it, and honest skips where a machine cannot."""

import asyncio
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from thorough import often

settings.register_profile(
    "biopsy", deadline=None, max_examples=often(50, 100)
)  # machines are shared: time is for bench/ to measure
settings.load_profile("biopsy")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name bytes by how many they are: packed ones hold the time, and processes must agree on names."""
    return f"{len(val)} bytes" if isinstance(val, bytes) and not val.isascii() else None


def _home() -> Path:
    from biopsy.cli.home import default_home

    return Path(os.environ.get("BIOPSY_HOME") or default_home())


@pytest.fixture(scope="session")
def home() -> Path:
    """BIOPSY_HOME as the user has it: the image in it takes minutes to build, so tests share it."""
    return _home()


def _cannot_sandbox() -> str:
    from biopsy.sandbox import doctor

    if os.geteuid() != 0:
        return "not root"
    missing = [check for check in doctor.diagnose(_home()) if not check.ok and check.needed]
    return "; ".join(f"{check.name}: {check.how}" for check in missing)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what runs packages where that is impossible: a hook, since a fixture would be made 12,000 times."""
    if item.get_closest_marker("sandbox"):
        why = item.config.stash.setdefault(_WHY, None)
        if why is None:
            why = item.config.stash[_WHY] = _cannot_sandbox()
        if why:
            pytest.skip(why)


_WHY = pytest.StashKey[str | None]()

LONGEST = (
    "test_nothing_is_lost.py",
    "test_docs.py",
    "test_machines.py",
    "test_lies.py",
    "test_packaging.py",
    "test_limits.py",
    "test_contract.py",
    "test_killing.py",
    "test_waiting.py",
    "test_evaluated.py",
    "test_stability.py",
    "test_processes.py",
    "test_worker.py",
    "test_serve_command.py",
)
"""Files that take longest, longest first: begun last, one of them would keep one process busy alone."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep pytest-xdist from putting files of few tests last: ours of few tests take longest."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, then what runs packages, then the many small ones that fill gaps."""
    runs = {item.path for item in items if item.get_closest_marker("sandbox")}
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (rank.get(item.path.name, len(rank)), item.path not in runs))


@pytest.fixture(scope="session")
def _postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One PostgreSQL for every process of the suite, stopped by itself when the last of them has gone."""
    pytest.importorskip("pgqueuer", reason="needs biopsy[queue]")
    from biopsy.errors import QueueError
    from biopsy.queue import embedded
    from biopsy.queue.line import answers

    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    try:
        used = embedded.use(root / "postgres", answers)
    except QueueError as err:
        pytest.skip(str(err))
    yield used.dsn
    used.release()


@pytest.fixture(scope="session")
def _template(_postgres: str) -> str:
    """The name of a database with all tables and nothing in them."""
    import psycopg

    from biopsy.queue.tables import migrate

    async def make() -> None:
        async with await psycopg.AsyncConnection.connect(f"{_postgres} dbname=template_biopsy") as made:
            await made.set_autocommit(True)
            await migrate(made, "biopsy")

    with psycopg.connect(_postgres, autocommit=True) as made:
        made.execute("SELECT pg_advisory_lock(1)")
        made.execute("ALTER SYSTEM SET fsync = off")  # nothing of a test is worth a wait for the disk
        made.execute("SELECT pg_reload_conf()")
        if not made.execute("SELECT 1 FROM pg_database WHERE datname = 'template_biopsy'").fetchone():
            made.execute("CREATE DATABASE template_biopsy")
            asyncio.run(make())
    return "template_biopsy"


@pytest.fixture
def dsn(_postgres: str, _template: str) -> Iterator[str]:
    """A PostgreSQL database of the test's own with the queue's tables: `queue.Settings(home, dsn)`."""
    import psycopg

    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(_postgres, autocommit=True) as made:
        made.execute(f"CREATE DATABASE {name} TEMPLATE {_template}")
        yield f"{_postgres} dbname={name}"
        made.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def chromium() -> str:
    """A headless browser, to look at pages with."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        pytest.skip("no chromium to look at pages with")
    return found
