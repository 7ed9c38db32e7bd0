"""A go once more: a package is started and imported after all its phases, under some new condition."""

from typing import Final

from msgspec.structs import replace

from biopsy.model.run import Phase

_LIGHT: Final = frozenset({"start", "import"})
_BUDGET: Final = "15"  # seconds that the driver has
_PATIENCE: Final = 25.0  # seconds after which it is ended


def repeated(
    plan: tuple[Phase, ...], label: str, ahead: float = 0.0, names: frozenset[str] = _LIGHT
) -> tuple[Phase, ...]:
    """Give the phases to do once more, `ahead` seconds later: start and import, never the install."""
    return tuple(
        replace(
            phase,
            args=_hurried(phase.args),
            timeout=min(phase.timeout, _PATIENCE),
            ahead=ahead,
            again=label,
        )
        for phase in plan
        if phase.name in names
    )


def _hurried(args: tuple[str, ...]) -> tuple[str, ...]:
    if "--budget" not in args:
        return args
    at = args.index("--budget") + 1
    return (*args[:at], min(args[at], _BUDGET, key=float), *args[at + 1 :])
