"""Several runs, one a profile, made one: ids of processes become unique across them."""

from msgspec import Struct
from msgspec.structs import replace

from biopsy.model.behaviour import Behaviour
from biopsy.model.run import Run, Watch


class Ran(Struct, frozen=True):
    """The runs of one artifact, and what they were made with."""

    runs: tuple[Run, ...]
    image: str = ""
    gvisor: str = ""
    platform: str = ""
    behaviours: tuple[Behaviour, ...] = ()  # of the code that was evaluated, read like files


def runs(several: tuple[Run, ...]) -> Run:
    """Join runs in the order given; every reference to a process follows its new id."""
    merged = Run("", (), (), (), (), (), Watch(""))
    offset = 0
    for run in several:
        merged = Run(
            profile="",
            behaviours=merged.behaviours
            + tuple(replace(b, process=_shift(b.process, offset)) for b in run.behaviours),
            outcomes=merged.outcomes + run.outcomes,
            processes=merged.processes
            + tuple(replace(p, id=p.id + offset, parent=_shift(p.parent, offset)) for p in run.processes),
            exchanges=merged.exchanges
            + tuple(replace(e, process=_shift(e.process, offset)) for e in run.exchanges),
            changes=merged.changes + run.changes,
            watch=merged.watch,
            evaluated=merged.evaluated
            + tuple(replace(e, process=_shift(e.process, offset)) for e in run.evaluated),
        )
        offset += max((p.id for p in run.processes), default=0) + 1
    return merged


def _shift(process: int | None, offset: int) -> int | None:
    return None if process is None else process + offset
