"""`vendor/composer/installed.json`: what Composer says is installed in a project."""

from collections.abc import Iterator

from biopsy.guard import decode
from biopsy.guard.given import Given
from biopsy.guard.readers.composer_lock import File, Package, entries
from biopsy.model.check import Entry

FORM = "installed.json"
NAMES = ("installed.json", "*.installed.json")


def looks(head: bytes) -> bool:
    """Whether it says where packages were put, as only this file does."""
    return b'"version_normalized"' in head and b'"installation-source"' in head


def read(given: Given) -> Iterator[Entry]:
    """The packages, in the order of the file; Composer 1 wrote a list of them and nothing else."""
    if given.data.lstrip()[:1] == b"[":
        yield from entries(given, decode.json(given.data, list[Package]))
    else:
        yield from entries(given, decode.json(given.data, File).packages or ())
