"""What lay below a folder that is gone: a layer has one mark for all of it, and people had files in there.

What the run itself made and deleted again is not told, nor what it made in place of the old.
"""

import os
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

MAX_OF_FOLDER: Final = 64
"""Most files that are told of one folder; its own going is told in any case."""

MAX_OF_RUN: Final = 2_000
"""Most that are told of a run."""

MAX_LOOKED: Final = 2_000
"""Most entries of one folder, and of all below it, that are looked at."""


class Gone:
    """Tells what is gone with a folder of `lower`, to a limit for the run."""

    def __init__(self, upper: Path, lower: Path, told: Container[bytes]) -> None:
        """`lower` is what the layer lies over, as one; `told` are others' to tell."""
        self._upper, self._lower = os.fsencode(upper), os.fsencode(lower)
        self._told = told
        self._left = MAX_OF_RUN

    def below(self, path: bytes) -> Iterator[bytes]:
        """Yield the files below a folder that are there no more: those of its upper folders first."""
        room = min(MAX_OF_FOLDER, self._left)
        for one in _files(self._lower, path):
            if room <= 0:
                return
            if one not in self._told and not os.path.lexists(self._upper + b"/" + one):
                room -= 1
                self._left -= 1
                yield one


def _files(lower: bytes, path: bytes) -> Iterator[bytes]:
    waiting, looked = [path], 0
    for folder in waiting:  # grows as it goes
        with suppress(OSError), os.scandir(lower + b"/" + folder) as entries:
            for entry in entries:
                looked += 1
                if looked > MAX_LOOKED:
                    return
                whole = folder + b"/" + entry.name
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(whole)
                else:
                    yield whole
