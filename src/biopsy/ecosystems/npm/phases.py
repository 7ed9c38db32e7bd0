"""The phases of a run of an npm package."""

from biopsy.model.run import Phase

_PHASES = (
    # name, driver, seconds that the driver gives itself, …each module or entry, seconds until it is ended
    ("install", "npm.mjs", 110, 0, 120.0),
    ("import", "npm.mjs", 45, 10, 60.0),
    ("scripts", "npm.mjs", 15, 0, 25.0),
    ("execute", "npm.mjs", 12, 4, 25.0),
)


def plan(name: str) -> tuple[Phase, ...]:
    """Give the phases in their order; every driver stops itself before its phase's end."""
    return tuple(
        Phase(phase, driver, _arguments(phase, name, budget, each), timeout, phase == "install")
        for phase, driver, budget, each, timeout in _PHASES
    )


def _arguments(phase: str, name: str, budget: int, each: int) -> tuple[str, ...]:
    last = ("{artifact}",) if phase == "install" else ("--each", str(each)) if each else ()
    return (phase, "--name", name, "--budget", str(budget), *last)
