"""A go once more: a package is started and imported, or installed, once more under some new condition."""

from typing import Final

from msgspec.structs import replace

from biopsy.model.run import Disk, Phase

LIGHT: Final = frozenset({"start", "import", "scripts"})
"""What is done once more of a plan, where nothing speaks against a package."""

DEEP: Final = LIGHT | {"execute"}
"""The same where reading it left a suspicion."""

_BUDGET: Final = "15"  # seconds that the driver has
_PATIENCE: Final = 25.0  # seconds after which it is ended
_INSTALLING: Final = ("60", 70.0)  # the same for an install


def repeated(
    plan: tuple[Phase, ...],
    label: str,
    ahead: float = 0.0,
    names: frozenset[str] = LIGHT,
    disk: Disk = Disk.INSTALLED,
) -> tuple[Phase, ...]:
    """Give the phases to do once more, `ahead` seconds later: those named; on a new disk the install."""
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
