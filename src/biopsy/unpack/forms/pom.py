"""A pom by itself: of what has no jar, a parent or a bill of materials, it is the whole artifact."""

from typing import BinaryIO

from biopsy.unpack.names import judge
from biopsy.unpack.place import Place, TooLarge
from biopsy.unpack.squeeze import blocks

SUFFIX = ".pom"


def read(file: BinaryIO, place: Place) -> None:
    """Have it stand as the one file of a tree, under the name that it has in a project."""
    place.count()
    try:
        place.write(judge("pom.xml", place.limits), blocks(file))
    except TooLarge:
        return
