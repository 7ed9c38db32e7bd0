"""The phases of a run of a Python package."""

from biopsy.model.run import Phase

DRIVER = "pypi.py"

_PHASES = (
    # name, seconds that the driver gives itself, seconds until it is ended, may fetch
    ("install", 110, 120.0, True),
    ("start", 12, 20.0, False),
    ("import", 45, 60.0, False),
    ("scripts", 15, 25.0, False),
    ("execute", 12, 25.0, False),
)


def plan(name: str) -> tuple[Phase, ...]:
    """Give the phases in their order; every driver stops itself before its phase's end."""
    return tuple(
        Phase(
            phase,
            DRIVER,
            (phase, "--name", name, "--budget", str(budget), *(["{artifact}"] if phase == "install" else [])),
            timeout,
            installs,
        )
        for phase, budget, timeout, installs in _PHASES
    )
