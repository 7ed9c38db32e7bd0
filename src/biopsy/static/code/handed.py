"""Files that a package writes itself and then runs: what it put in them is known."""

from typing import TYPE_CHECKING

from biopsy.static.code import contents
from biopsy.static.code.value import HOLE, Value, shown
from biopsy.static.secrets import is_secret_path

if TYPE_CHECKING:
    from biopsy.static.code.witness import Witness

MAX_KEPT = 200  # files of a package
MIN_NAMED = 4  # characters of a path, part of which is not known, that tell it from others
MAX_SIZE = 512 * 1024  # characters or bytes of one


def texts(run: "Witness") -> dict[str, str | bytes]:
    """What the package wrote, by path."""
    held = run.source.package.memo.setdefault("written texts", {})
    assert isinstance(held, dict)
    return held


def keep(run: "Witness", path: Value, content: Value) -> None:
    """Remember what is written to a path."""
    whole, files = content.whole(), texts(run)
    if whole is None or len(whole) > MAX_SIZE or not whole:
        return
    for text in path.texts():
        before = files.get(text)
        joined = before + whole if isinstance(before, type(whole)) and len(before) < MAX_SIZE else whole  # type: ignore[operator]
        if (text in files or len(files) < MAX_KEPT) and text.strip(HOLE + "/."):
            files[text] = joined


def content(run: "Witness", path: Value) -> str | bytes | None:
    """What stands in a file that the package wrote; None where that is not known."""
    files = texts(run)
    return next((files[text] for text in path.texts() if text in files), None)


def copies(run: "Witness") -> dict[str, frozenset[str]]:
    """Which of its user's secrets the package copied, by the path of the copy."""
    held = run.source.package.memo.setdefault("copied secrets", {})
    assert isinstance(held, dict)
    return held


def copied(run: "Witness", path: Value, content: Value) -> None:
    """Remember that a secret was copied, as is done with what a browser keeps open, or the environment."""
    secret = frozenset(
        t for t in content.all_taint() if t == "env:*" or (t.startswith("file:") and is_secret_path(t[5:]))
    )
    for text in path.texts():
        if secret and len(copies(run)) < MAX_KEPT:
            copies(run)[text] = copies(run).get(text, frozenset()) | secret


def held(run: "Witness", path: Value) -> Value:
    """The taint of what was written to a path."""
    return Value(taint=frozenset(t for text in path.texts() for t in run.written.get(text, ())))


def run_file(run: "Witness", path: Value, line: int) -> None:
    """A file is run: one that the package wrote, or one of its own that does not look like code."""
    written = content(run, path)
    if written is None and not path.text().endswith((".py", ".pyw")):
        written = contents.content(path.text(), run.source) if path.consts else None
    if written is not None:
        run.peel(written, line, "python")


def named(path: str, text: str) -> bool:
    """Whether a command names a path of which a part is not known, by what comes after that."""
    if HOLE in path and shown(path) in text.split():
        return len(path) > MIN_NAMED
    end = path.rpartition(HOLE)[2] if HOLE in path else ""
    return len(end.strip("/\\.")) > 2 and shown(path) in text
