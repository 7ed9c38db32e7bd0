"""Two machines share a warehouse through a bucket: an S3 on this machine, spoken to as the real one."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from biopsy.errors import UsageError
from biopsy.warehouse import Warehouse
from biopsy.warehouse.compact import Compactor
from biopsy.warehouse.mirror import Mirror
from made_dossiers import dossier

pytest.importorskip("duckdb")
sys.path.append(str(Path(__file__).parent.parent / "warehouse_bigquery"))

import emulators


@pytest.fixture(scope="module")
def s3(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with emulators.bucket(emulators.environment(home), tmp_path_factory.mktemp("shared")) as url:
        yield url


@pytest.fixture
def url(s3: str, monkeypatch: pytest.MonkeyPatch) -> str:
    said = {"AWS_ENDPOINT": s3, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}  # fmt: skip
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    return "s3://kept/warehouse"


def test_what_one_machine_packed_another_can_ask(url: str, tmp_path: Path) -> None:
    homes = [tmp_path / "a", tmp_path / "b"]
    for number in range(4):
        warehouse = Warehouse(homes[number % 2])
        warehouse.add(dossier(number, name=f"thing-{number}"))
        warehouse.pack()
    Compactor(homes[0] / "warehouse").compact(1)
    for home in (*homes, homes[0]):
        Mirror(home / "warehouse", url).sync()
    found = [sorted(one.release.name for one in Warehouse(home).recent()) for home in homes]
    assert found == [[f"thing-{number}" for number in range(4)]] * 2


def test_a_bucket_that_is_none_is_said(url: str, tmp_path: Path) -> None:
    Warehouse(tmp_path).add(dossier())
    Warehouse(tmp_path).pack()
    with pytest.raises(UsageError, match="the object store failed"):
        Mirror(tmp_path / "warehouse", url.replace("kept", "other")).sync()
