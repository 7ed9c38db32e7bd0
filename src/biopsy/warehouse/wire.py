"""The form in which a dossier is stored: stable where the model may change.

A behaviour is stored as its one text form, with what the text leaves out beside it.
"""

from pathlib import Path

import msgspec

from biopsy.model.behaviour import Behaviour, By
from biopsy.model.dossier import Dossier, Tool
from biopsy.model.release import Artifact, Release
from biopsy.model.run import Evaluated, Exchange, FileChange, Outcome, Process, Watch

FORMAT = 1


class StoredBehaviour(msgspec.Struct, frozen=True, omit_defaults=True):
    """A behaviour: `text` is its text form."""

    text: str
    process: int | None = None
    time: float | None = None
    by: By = By.PACKAGE
    owner: str = ""
    detail: str = ""


class StoredArtifact(msgspec.Struct, frozen=True):
    """An artifact, without the place where this machine kept it."""

    filename: str
    kind: str
    size: int
    sha256: str
    verified: bool


class Stored(msgspec.Struct, frozen=True, omit_defaults=True):
    """A dossier on disk."""

    format: int
    run_id: str
    release: Release
    artifact: StoredArtifact
    behaviours: tuple[StoredBehaviour, ...]
    outcomes: tuple[Outcome, ...]
    created: str
    duration_s: float
    tool: Tool
    processes: tuple[Process, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    changes: tuple[FileChange, ...] = ()
    watches: tuple[Watch, ...] = ()
    static_only: bool = False
    evaluated: tuple[Evaluated, ...] = ()
    against: str = ""


def store(dossier: Dossier) -> Stored:
    """Turn a dossier into its stored form."""
    art = dossier.artifact
    return Stored(
        format=FORMAT,
        run_id=dossier.run_id,
        release=dossier.release,
        artifact=StoredArtifact(art.filename, art.kind, art.size, art.sha256, art.verified),
        behaviours=tuple(
            StoredBehaviour(str(b), b.process, b.time, b.by, b.owner, b.detail) for b in dossier.behaviours
        ),
        outcomes=dossier.outcomes,
        created=dossier.created,
        duration_s=dossier.duration_s,
        tool=dossier.tool,
        processes=dossier.processes,
        exchanges=dossier.exchanges,
        changes=dossier.changes,
        watches=dossier.watches,
        static_only=dossier.static_only,
        evaluated=dossier.evaluated,
        against=dossier.against,
    )


def restore(stored: Stored) -> Dossier:
    """Turn a stored form back into the dossier; raise ValueError where a behaviour does not parse."""
    art = stored.artifact
    return Dossier(
        run_id=stored.run_id,
        release=stored.release,
        artifact=Artifact(art.filename, art.kind, Path(art.filename), art.size, art.sha256, art.verified),
        behaviours=tuple(_behaviour(b) for b in stored.behaviours),
        outcomes=stored.outcomes,
        processes=stored.processes,
        exchanges=stored.exchanges,
        changes=stored.changes,
        watches=stored.watches,
        created=stored.created,
        duration_s=stored.duration_s,
        tool=stored.tool,
        static_only=stored.static_only,
        evaluated=stored.evaluated,
        against=stored.against,
    )


def _behaviour(stored: StoredBehaviour) -> Behaviour:
    return Behaviour.parse(stored.text, stored.process, stored.time, stored.by, stored.owner, stored.detail)
