"""Where documents go: the terminal, a pipe, a file."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, TextIO

from biopsy.errors import UsageError

DEFAULT = "text"


class Forms(Protocol):
    """A package of ways to write something down: `biopsy.formats`, `biopsy.formats.comparison`."""

    def names(self) -> tuple[str, ...]:
        """Every way there is."""

    def by_name(self, name: str, /) -> Any:
        """The module of that name."""


def choose(name: str | None, output: Path | None, forms: Forms) -> str:
    """The form asked for, else the one that the ending of the file to write says, else text."""
    if name is None and output is not None:
        for known in forms.names():
            if output.name.endswith(forms.by_name(known).ENDING):
                return known
    return name or DEFAULT


def write(
    what: Sequence[Any], form: Any, output: Path | None, *, colour: bool | None, **options: Any
) -> None:
    """Render and write; on a terminal in colour and to its width, unless told otherwise."""
    on_screen = output is None and getattr(form, "ON_SCREEN", False)
    if on_screen:
        options |= {"width": _width(), "colour": coloured() if colour is None else colour}
    document = form.render(*what, **options).encode("utf-8", "backslashreplace")
    if output is not None:
        _save(document, output)
        return
    try:
        sys.stdout.buffer.write(document)  # bytes: a document is UTF-8, whatever the locale says
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        let_go()  # whoever read has seen enough; the verdict is still the exit status


def let_go() -> None:
    """Nobody reads any more: let what is still buffered go nowhere, quietly."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return  # no file behind it: nothing can break


def _save(document: bytes, output: Path) -> None:
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(document)
    except OSError as err:
        raise UsageError(f"cannot write {output}: {err.strerror or err}") from err
    hand_over(output)


def hand_over(path: Path) -> None:
    """Give what root wrote to the user who started us, where we went through sudo on our own account."""
    if os.environ.get("BIOPSY_VIA_SUDO") and os.geteuid() == 0:
        try:
            os.chown(path, int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"]))
        except (KeyError, ValueError, OSError):
            return  # it stays root's: readable, as everything we write


def coloured(stream: TextIO | None = None) -> bool:
    """Whether a stream shows colours: a terminal that can, and nobody asked for none (no-color.org)."""
    stream = stream or sys.stdout
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def _width() -> int:
    return shutil.get_terminal_size((100, 40)).columns if sys.stdout.isatty() else 100
