"""Load what the warehouse keeps into BigQuery: incrementally, and every row exactly once.

A batch is written to files, loaded into staging tables of its own, and merged from there by the keys of its
rows. Whatever breaks off in between, and whoever loads the same at the same time, the next attempt inserts
what is missing and nothing else. Which packs are loaded stands in the data set (`loads`): any machine goes on
where another stopped, and losing that table costs time and no rows. Needs biopsy[bigquery].
"""

import contextlib
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from biopsy.errors import UsageError
from biopsy.model.regex import regex
from biopsy.warehouse.bigquery.api import PATIENCE, Api, BigQueryError, told
from biopsy.warehouse.bigquery.batch import Batch, Refused, Staged
from biopsy.warehouse.bigquery.bucket import Bucket
from biopsy.warehouse.bigquery.layout import LOADS, Layout, grown

if TYPE_CHECKING:
    from google.cloud.bigquery import Table

__all__ = ["Batch", "BigQuery", "BigQueryError", "Refused"]

STAGING_DAYS = 1
"""What a loader left behind when it died is gone after so many days."""

_PLACE = regex(r"([a-z][a-z0-9:.-]{4,61}[a-z0-9])\.([A-Za-z0-9_]{1,1024})")
_COLUMN = regex(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?")


class BigQuery:
    """A data set; UsageError where `place` is none (`project.dataset`). Nothing is asked before a method is.

    `endpoint` is for an emulator, or a private address of the API; `bucket` a place in Cloud Storage to load
    through; `patience` is how long, in seconds, a request is repeated that BigQuery does not answer.
    """

    def __init__(
        self,
        place: str,
        *,
        location: str | None = None,
        endpoint: str | None = None,
        bucket: str | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """Use that data set."""
        match = _PLACE.fullmatch(place)
        if match is None:
            raise UsageError(f"not a data set of BigQuery (PROJECT.DATASET): {place!r}")
        self.place, self._location = place, location
        self._bucket = Bucket(bucket) if bucket else None
        self.api = Api(match[1], location, endpoint, patience)

    def prepare(self, layouts: Sequence[Layout]) -> list[str]:
        """Make the data set and tables that are missing, and add columns that are; say what was done.

        UsageError where a column has another type than we would write: that table is not changed.
        """
        from google.api_core.exceptions import NotFound  # noqa: PLC0415 - an extra, slow to import
        from google.cloud import bigquery  # noqa: PLC0415

        with told(self.place):
            try:  # whoever may only write into it may not try to make it
                self.api.client.get_dataset(self.place, **self.api.limits)
            except NotFound:
                made = bigquery.Dataset(self.place)
                if self._location:
                    made.location = self._location
                self.api.client.create_dataset(made, exists_ok=True, **self.api.limits)
            return [line for layout in (*layouts, LOADS) for line in self._table(layout)]

    def loaded(self, what: str) -> set[str]:
        """The packs whose rows are there."""
        with told(self.place):
            job = self.api.run(f"SELECT DISTINCT pack FROM `{self.place}.loads` WHERE what = @what", {"what": what})  # noqa: E501, S608 # fmt: skip
            return {row.pack for row in job.result()}

    def note(self, packs: Sequence[str], what: str, refused: Sequence[Refused]) -> None:
        """Say that all rows of these packs are there; only once `load` has returned for them."""
        statement = (
            f"INSERT INTO `{self.place}.loads` (`pack`, `what`, `loaded`, `refused`) "  # noqa: S608 - checked
            "SELECT pack, @what, CURRENT_TIMESTAMP(), @refused FROM UNNEST(@packs) AS pack"
        )
        names = [f"{one.run_id}: {one.why}" for one in refused]
        with told(self.place):
            self.api.run(statement, {"packs": packs, "what": what, "refused": names})

    def load(self, staged: Sequence[Staged]) -> dict[str, int]:
        """Load a batch, table after table; return how many rows each took, for the rest was there already."""
        inserted: dict[str, int] = {}
        mark = secrets.token_hex(6)
        for one in staged:
            with told(f"{self.place}.{one.layout.name}"), self._staging(one, mark) as name:
                inserted[one.layout.name] = self._merge(one, name)
        return inserted

    def _table(self, layout: Layout) -> Iterator[str]:
        from google.api_core.exceptions import NotFound  # noqa: PLC0415

        client, limits = self.api.client, self.api.limits
        try:
            table = client.get_table(f"{self.place}.{layout.name}", **limits)
        except NotFound:
            client.create_table(self._described(layout, layout.name), exists_ok=True, **limits)
            yield f"made the table {layout.name}"
            return
        try:
            columns, added = grown([one.to_api_repr() for one in table.schema], layout.columns)
        except ValueError as err:
            raise UsageError(f"{self.place}.{layout.name}: {err}; rename that table, and load anew") from err
        if added:
            self._grow(table, columns, added)
            yield f"added to {layout.name}: {', '.join(added)}"

    def _grow(self, table: "Table", columns: list[Any], added: list[str]) -> None:
        """Add columns by statements, which two may do at once; those in records can only be patched in."""
        plain = [one for one in columns if one["name"] in added and one["type"] != "RECORD"]
        for one in plain:
            self.api.run(f"ALTER TABLE `{table}` ADD COLUMN IF NOT EXISTS `{one['name']}` {_sql(one)}")
        if len(plain) < len(added):
            table = self.api.client.get_table(table.reference, **self.api.limits)
            table.schema = _fields(columns)
            self.api.client.update_table(table, ["schema"], **self.api.limits)

    def _described(self, layout: Layout, name: str) -> "Table":
        from google.cloud import bigquery  # noqa: PLC0415

        table = bigquery.Table(f"{self.place}.{name}", _fields(msgspec.to_builtins(layout.columns)))
        if name == layout.name:
            table.time_partitioning = bigquery.TimePartitioning(field=layout.day)
            table.clustering_fields = [*layout.cluster] or None
            table.description = layout.description
        return table

    @contextlib.contextmanager
    def _staging(self, one: Staged, mark: str) -> Iterator[str]:
        """Make a table of this batch's own, filled; drop it afterwards, which an expiry does if we cannot."""
        table = self._described(one.layout, f"staging_{one.layout.name}_{mark}")
        table.expires = datetime.now(UTC) + timedelta(days=STAGING_DAYS)
        self.api.client.create_table(table, **self.api.limits)
        try:
            self._fill(one, table, mark)
            yield table.table_id
        finally:
            self.api.client.delete_table(table, not_found_ok=True, **self.api.limits)

    def _fill(self, one: Staged, table: "Table", mark: str) -> None:
        from google.cloud import bigquery  # noqa: PLC0415

        client, limits = self.api.client, self.api.limits
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
            schema=table.schema,
            max_bad_records=0,
        )
        if self._bucket is None:
            with one.path.open("rb") as file:
                job = client.load_table_from_file(
                    file, table.reference, job_config=config, timeout=limits["timeout"], rewind=True
                )
            self.api.wait(job)
            return
        with self._bucket.holding(one.path, f"{mark}-{one.layout.name}.jsonl") as uri:
            self.api.wait(client.load_table_from_uri(uri, table.reference, job_config=config, **limits))

    def _merge(self, one: Staged, staging: str) -> int:
        return int(self.api.run(merge(self.place, one, staging)).num_dml_affected_rows or 0)


def merge(place: str, one: Staged, staging: str) -> str:
    """The statement that inserts of a staging table what is not there; only the days it is of are read."""
    layout = one.layout
    names = [f"`{column.name}`" for column in layout.columns]
    same = [f"T.{_name(key)} = S.{_name(key)}" for key in layout.key]
    days = f"DATE '{one.first}' AND DATE '{one.last}'"
    if layout.day != "day":
        days = f"TIMESTAMP '{one.first} 00:00:00+00' AND TIMESTAMP '{one.last} 23:59:59.999999+00'"
    once = f"ROW_NUMBER() OVER (PARTITION BY {', '.join(map(_name, layout.key))}) = 1"  # in two packs, maybe
    return (
        f"MERGE `{place}.{layout.name}` T\n"  # noqa: S608 - all names are checked
        f"USING (SELECT * FROM `{place}.{staging}` WHERE true QUALIFY {once}) S\n"
        f"ON T.{_name(layout.day)} BETWEEN {days}\n"
        f"  AND {' AND '.join(same)}\n"
        f"WHEN NOT MATCHED THEN INSERT ({', '.join(names)}) VALUES ({', '.join(f'S.{n}' for n in names)})"
    )


def _name(key: str) -> str:
    if not _COLUMN.fullmatch(key):
        raise ValueError(key)
    return ".".join(f"`{part}`" for part in key.split("."))


def _sql(column: dict[str, Any]) -> str:
    kind = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}.get(column["type"], column["type"])
    return f"ARRAY<{kind}>" if column["mode"] == "REPEATED" else str(kind)


def _fields(columns: Any) -> list[Any]:
    from google.cloud import bigquery  # noqa: PLC0415

    return [bigquery.SchemaField.from_api_repr(one) for one in columns]
