"""Phases as a table: what ecosystems share in how they ask for a run."""

from typing import NamedTuple

from biopsy.model.run import Phase


class Rung(NamedTuple):
    """One phase. The driver stops itself at `budget`; should it not, the phase is ended at `timeout`."""

    phase: str
    driver: str
    budget: int  # seconds
    timeout: float  # seconds
    each: int = 0  # seconds that one module or entry has; 0: as the driver likes
    file: bool = False  # whether the driver is told the artifact; that of the install always is


def climb(rungs: tuple[Rung, ...], name: str) -> tuple[Phase, ...]:
    """Give the phases of a package in their order; the install gets the artifact, and may fetch."""
    return tuple(
        Phase(
            rung.phase,
            rung.driver,
            (
                rung.phase,
                "--name",
                name,
                "--budget",
                str(rung.budget),
                *(("--each", str(rung.each)) if rung.each else ()),
                *(("{artifact}",) if rung.file or rung.phase == "install" else ()),
            ),
            rung.timeout,
            rung.phase == "install",
        )
        for rung in rungs
    )
