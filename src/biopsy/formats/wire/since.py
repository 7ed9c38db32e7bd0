"""A comparison with an earlier release, in the JSON form, version 1."""

from typing import Annotated

from msgspec import Meta, Struct


class SideDocument(Struct, frozen=True, kw_only=True):
    """The earlier release, as it was looked at."""

    purl: str
    run_id: Annotated[str, Meta(description="Of the analysis; empty: there is none, `note` says why.")]
    filename: str
    sha256: str
    static_only: bool


class DifferenceDocument(Struct, frozen=True, kw_only=True):
    """One thing of one class that differs."""

    facet: Annotated[
        str,
        Meta(description="The class: secret, remote-code, persistence, host, hook, command, native-code, …"),
    ]
    what: str
    now: Annotated[str, Meta(description="How it stands in the later release; empty where it is gone.")]
    was: Annotated[str, Meta(description="How it stood in the earlier one; empty where it is new.")]
    unasked: Annotated[bool, Meta(description="It happens at install, start or import.")]
    evidence: Annotated[
        tuple[str, ...],
        Meta(description="`kind value @ where`, of the later release; of the earlier where it is gone."),
    ]
    more_evidence: Annotated[int, Meta(ge=0)]


class SinceDocument(Struct, frozen=True, kw_only=True):
    """A release beside an earlier one: what it does that the other did not, and the other way round."""

    before: SideDocument
    identical: Annotated[bool, Meta(description="The very same bytes.")]
    new: tuple[DifferenceDocument, ...]
    gone: tuple[DifferenceDocument, ...]
    changed: tuple[DifferenceDocument, ...]
    untold: Annotated[tuple[str, ...], Meta(description="What could not be compared, and why.")]
    note: Annotated[str, Meta(description="Why there is no comparison at all, where there is none.")]
