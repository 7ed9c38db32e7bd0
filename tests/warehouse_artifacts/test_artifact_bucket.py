"""The artifact store in buckets: an S3 and an Azure on this machine, spoken to as the real ones."""

import hashlib
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from biopsy.errors import UsageError
from biopsy.warehouse.artifacts import Artifacts, StoreError, keeping

sys.path.append(str(Path(__file__).parent.parent / "warehouse_bigquery"))

import emulators


@pytest.fixture(scope="module")
def s3(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with emulators.bucket(emulators.environment(home), tmp_path_factory.mktemp("s3")) as url:
        yield url


@pytest.fixture(scope="module")
def azure(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with emulators.container(home, tmp_path_factory.mktemp("azure")) as said:
        yield {**said, "AZURE_ALLOW_HTTP": "true"}


@pytest.fixture(params=["s3", "az"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Artifacts:
    """Opened as on a command line: by its URL, with what the environment says."""
    if request.param == "s3":
        said = {"AWS_ENDPOINT": request.getfixturevalue("s3"), "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}  # fmt: skip
    else:
        said = request.getfixturevalue("azure")
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    return Artifacts(f"{request.param}://kept/some/where")


@pytest.mark.parametrize("size", [0, 1000, 40_000_000])
def test_what_is_put_into_a_bucket_comes_back_and_goes_by_the_rules(
    store: Artifacts, tmp_path: Path, size: int
) -> None:
    path = tmp_path / "thing-1.0.tgz"
    path.write_bytes(os.urandom(size))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert store.put(path, sha256).new
    assert not store.put(path, sha256).new
    store.get(sha256, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == path.read_bytes()
    assert [one.trouble for one in store.verify()] == [""]
    later, rules = datetime.now(UTC) + timedelta(days=9), keeping.Retention(unjudged=2)
    keeping.hold(store, keeping.Hold(sha256, "case-7", "asked for", "ada", ""))
    assert [one.removed for one in keeping.sweep(store, rules, later, lambda _: None, remove=True)] == [False]
    keeping.lift(store, sha256, "case-7")
    assert [one.removed for one in keeping.sweep(store, rules, later, lambda _: None, remove=True)] == [True]
    assert list(store.entries()) == []
    with pytest.raises(UsageError, match="is stored"):
        store.get(sha256, tmp_path / "gone")


def test_a_bucket_that_is_none_is_said(store: Artifacts, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(StoreError, match="://other"):
        Artifacts(store.root.replace("kept", "other")).put(tmp_path / "x", hashlib.sha256(b"x").hexdigest())
