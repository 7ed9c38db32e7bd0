"""The phases of a run of a Python package."""

from biopsy.model.run import Phase

_PHASES = (
    # name, driver, seconds that the driver gives itself, seconds until it is ended
    ("install", "pypi.py", 110, 120.0),
    ("start", "pypi.py", 12, 20.0),
    ("import", "pymodules.py", 45, 60.0),
    ("scripts", "pypi.py", 15, 25.0),
    ("execute", "pymodules.py", 12, 25.0),
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
