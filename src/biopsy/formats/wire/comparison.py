"""Two releases beside each other, in the JSON form, version 1."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from biopsy.formats.wire.analysis import ArtifactDocument, FindingDocument, ToolDocument
from biopsy.formats.wire.since import SinceDocument


class JudgedDocument(Struct, frozen=True, kw_only=True):
    """One of the two releases, judged."""

    purl: str
    run_id: str
    artifact: ArtifactDocument
    verdict: Literal["malicious", "suspicious", "benign", "unknown"]
    reason: str
    static_only: bool
    created: str
    tool: ToolDocument


class ComparisonDocument(Struct, frozen=True, kw_only=True):
    """Two releases beside each other: what `biopsy compare --format json` prints."""

    schema_version: Literal["1"]
    before: JudgedDocument
    after: JudgedDocument
    comparison: SinceDocument
    worrying: Annotated[
        tuple[str, ...],
        Meta(description="Rules that the later verdict rests on and that did not match the earlier release."),
    ]
    findings_new: Annotated[
        tuple[FindingDocument, ...], Meta(description="Of rules that did not match the earlier release.")
    ]
    findings_gone: tuple[FindingDocument, ...]
