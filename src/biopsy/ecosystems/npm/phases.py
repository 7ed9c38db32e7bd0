"""The phases of a run of an npm package."""

from biopsy.model.run import Phase

_PHASES = (
    # name, driver, seconds that the driver gives itself, seconds until it is ended
    ("install", "npm.mjs", 110, 120.0),
    ("import", "npm.mjs", 45, 60.0),
    ("scripts", "npm.mjs", 15, 25.0),
    ("execute", "npm.mjs", 12, 25.0),
)


def plan(name: str) -> tuple[Phase, ...]:
    """Give the phases in their order; every driver stops itself before its phase's end."""
    return tuple(
        Phase(phase, driver, _arguments(phase, name, budget), timeout, phase == "install")
        for phase, driver, budget, timeout in _PHASES
    )


def _arguments(phase: str, name: str, budget: int) -> tuple[str, ...]:
    last = ("{artifact}",) if phase == "install" else ()
    return (phase, "--name", name, "--budget", str(budget), *last)
