"""How much work the reading of one package may take, counted and not timed: the same on every machine.

A step is one of the interpreter's, some microseconds; what else takes time counts as so many of them by its
bytes. What runs by itself is read first, and so gets its part whatever stands in the rest.
"""

from collections.abc import Iterator

from msgspec import Struct, field

MAX_STEPS = 1_250_000  # for a whole tree
MAX_MORE = 500_000  # steps beyond them, for files whose code is not followed any more, only looked at
MAX_HEARSAY = 250_000  # of them for files that say nothing themselves and only use others that do
READ = 64  # bytes of any file that count as a step
LOOKED = 32  # bytes of code that is looked at by its words that do
PARSED = 8  # bytes of code that is parsed and lowered that do
OPENED = 40  # steps that a file counts, whatever its size


class Budget(Struct):
    """Steps that are left, and the files that wait for their turn, each with its reader."""

    left: int = MAX_STEPS
    hearsay: int = MAX_HEARSAY
    waiting: dict[str, str] = field(default_factory=dict)
    sooner: set[str] = field(
        default_factory=set
    )  # of those, the ones that use it as soon as they are imported
    late: bool = False

    def read(self, size: int) -> None:
        """Count the reading of a file by its bytes."""
        self.left -= OPENED + size // READ

    def looked(self, size: int) -> None:
        """Count the look at a file's words."""
        self.left -= size // LOOKED

    def parsed(self, size: int) -> None:
        """Count the parsing of code."""
        self.left -= OPENED + size // PARSED

    def takes(self, path: str, reader: str, *, first: bool = False) -> bool:
        """Whether it is the turn of a file's code; what only uses what others do waits for all others.

        Where nothing is left a file waits too, and in vain.
        """
        if self.left <= 0 or not (first or self.late):
            self.waiting[path] = reader
            return False
        return True

    @property
    def spent(self) -> bool:
        """Whether there is nothing left even for looking at files."""
        return self.left <= -MAX_MORE

    def last(self) -> Iterator[tuple[str, str]]:
        """The files that waited and their readers, for as long as there is anything left for them."""
        self.late, end = True, max(self.left - self.hearsay, 0)
        for path in sorted(self.waiting, key=lambda path: path not in self.sooner):
            if self.left <= end:
                return
            yield path, self.waiting.pop(path)
