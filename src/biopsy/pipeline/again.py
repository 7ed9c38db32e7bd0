"""A go once more: a package is started and imported, or installed, once more under some new condition."""

from typing import Final

from msgspec.structs import replace

from biopsy.model.run import Disk, Phase

_LIGHT: Final = frozenset({"start", "import"})
_BUDGET: Final = "15"  # seconds that the driver has
_PATIENCE: Final = 25.0  # seconds after which it is ended
_INSTALLING: Final = ("60", 70.0)  # the same for an install


def repeated(
    plan: tuple[Phase, ...],
    label: str,
    ahead: float = 0.0,
    names: frozenset[str] = _LIGHT,
    disk: Disk = Disk.INSTALLED,
) -> tuple[Phase, ...]:
    """Give the phases to do once more, `ahead` seconds later: start and import; on a new disk the install."""
    budget, patience = _INSTALLING if disk is Disk.NEW else (_BUDGET, _PATIENCE)
    return tuple(
        replace(
            phase,
            args=_hurried(phase.args, budget),
            timeout=min(phase.timeout, patience),
            ahead=ahead,
            again=label,
            disk=disk,
        )
        for phase in plan
        if (phase.installs if disk is Disk.NEW else phase.name in names)
    )


def _hurried(args: tuple[str, ...], budget: str) -> tuple[str, ...]:
    if "--budget" not in args:
        return args
    at = args.index("--budget") + 1
    return (*args[:at], min(args[at], budget, key=float), *args[at + 1 :])
