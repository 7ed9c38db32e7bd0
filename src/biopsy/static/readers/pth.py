"""Path configuration files: lines that begin with `import` run at every start of Python (site.py)."""

from collections.abc import Iterator

from biopsy.model.behaviour import When
from biopsy.static.sight import Layer, Sight, Source

NAME = "pth"
MAX_LINES = 1000


def wants(source: Source) -> bool:
    """`.pth` files that are text (the suffix is also used for models)."""
    return source.path.endswith(".pth") and not source.binary and not source.depth


def read(source: Source) -> Iterator[Sight]:
    """Leave the lines that run to the reader of Python."""
    for number, line in enumerate(source.text.splitlines()[:MAX_LINES], 1):
        if line.startswith(("import ", "import\t")):
            yield Layer(line, "python", number, When.START)
