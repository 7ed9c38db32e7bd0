"""Which lines of a package's code are reached: a go of its own, where its interpreter tells only for a price.

Node counts for a few milliseconds, wherever it loads something. Python is followed line by line, which shows
and takes time: that is done in a branch of its own, right after the install, and only lines are told of it.
"""

from typing import Final

from msgspec.structs import replace

from biopsy.model.release import Tree
from biopsy.model.run import Disk, Lines, Phase, Run

LABEL: Final = "lines"
"""What such a go is called."""

MAX_CODE: Final = 12 * 1024**2
"""Most bytes of code of a package for which there is one; what has more is `dear`."""

MAX_READ: Final = 64 * 1024**2
"""Most bytes of which the lines are counted where there is none."""

_DRIVERS: Final = {"pymodules.py": ("pylines.py", ".py")}
"""For a driver that imports, the one that counts, and how the files end that it counts."""

_BUDGET, _PATIENCE = "12", 20.0  # seconds that the driver has, and after which it is ended


def more(tree: Tree, plan: tuple[Phase, ...]) -> tuple[Phase, ...]:
    """Give the phases of that go; none where nothing is imported, there is no code, or too much."""
    return tuple(
        Phase(
            phase.name,
            driver,
            ("--name", _after(phase.args, "--name"), "--budget", _BUDGET, *phase.args[-1:]),
            _PATIENCE,
            again=LABEL,
            disk=Disk.INSTALLED,
            quiet=True,
        )
        for phase in plan
        if phase.name == "import" and phase.driver in _DRIVERS
        for driver, ending in (_DRIVERS[phase.driver],)
        if 0 < size(tree, ending) <= MAX_CODE
    )


def told(runs: tuple[Run, ...], tree: Tree) -> tuple[Run, ...]:
    """Say in the first run, where there was too much code, about how many lines nobody counted, and why."""
    if not runs:
        return runs
    dear = [ending for _, ending in _DRIVERS.values() if size(tree, ending) > MAX_CODE]
    lines = tuple(Lines("", _lines(tree, ending), why="dear") for ending in dear)
    outcomes = tuple(
        replace(one, lines=(*one.lines, *lines)) if one.phase == "import" else one for one in runs[0].outcomes
    )
    return (replace(runs[0], outcomes=outcomes), *runs[1:]) if lines else runs


def size(tree: Tree, ending: str) -> int:
    """Say how many bytes of code there are."""
    return sum(file.size for file in tree.files if file.path.endswith(ending))


def _lines(tree: Tree, ending: str) -> int:
    """Count lines that are neither empty nor comments."""
    found, room = 0, MAX_READ
    for file in tree.files:
        if file.path.endswith(ending) and file.size <= room:
            room -= file.size
            text = (tree.root / file.path).read_bytes()
            found += sum(
                1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith(b"#")
            )
    return found


def _after(args: tuple[str, ...], option: str) -> str:
    return args[args.index(option) + 1]
