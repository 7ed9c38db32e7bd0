"""Claims as the database keeps them: a record that is all its object says is not kept a second time."""

import json

from biopsy.reports.claim import Claim
from biopsy.reports.pack import PackError, unpack
from biopsy.reports.record import Report, decode

KEPT = (
    "source, key, claims.sha256, modified, imported, withdrawn, state, record, body FROM claims"
    " LEFT JOIN objects ON record = x'' AND objects.sha256 = claims.sha256"
)
"""What `kept` is given: columns to select, and from where."""


def kept(  # noqa: PLR0917
    source: str, key: str, sha256: str, modified: str, imported: str, withdrawn: str, state: str,
    record: bytes, body: bytes | None,
) -> Claim:  # fmt: skip
    """A claim of its row; raises PackError where its object is damaged or not there."""
    said = recorded(sha256, record, body)
    return Claim(source, key, sha256, modified, imported, said, withdrawn, state)


def recorded(sha256: str, record: bytes, body: bytes | None) -> Report:
    """The record of a claim: its own, or that of the object; raises PackError."""
    if record:
        made: Report = json.loads(record)
        return made
    if body is None:
        raise PackError(f"the object {sha256} is not there, and a claim is made of it")
    return decode(unpack(body, sha256))
