"""Structured logs: a line of JSON for each thing that happened, or a line of words for people.

The standard library's `logging` with a formatter of our own: every library's records come out in the same
form, and a worker starts a tenth of a second sooner than with another dependency.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

from biopsy.formats.views.visible import visible

FIELDS = "fields"
_NOISY = ("httpx", "httpcore", "pgqueuer")


def say(log: logging.Logger, level: int, event: str, **fields: Any) -> None:
    """Log an event with its fields; empty ones are left out."""
    if log.isEnabledFor(level):
        log.log(
            level, event, extra={FIELDS: {k: v for k, v in fields.items() if v not in ("", None, {}, ())}}
        )


def begin(form: str, stream: TextIO | None = None, level: int = logging.INFO, **always: Any) -> None:
    """Send all records of this process to a stream; `form` is `json` or `text`, `always` is in each."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Json(always) if form == "json" else Text())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


class Json(logging.Formatter):
    """A line of JSON: `time`, `level`, `event`, then what is particular to it."""

    def __init__(self, always: dict[str, Any] | None = None) -> None:
        """Put `always` into every line."""
        super().__init__()
        self._always = always or {}

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        line = {
            "time": _time(record, "milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **self._always,
            **getattr(record, FIELDS, {}),
        }
        if not record.name.startswith("biopsy"):
            line["logger"] = record.name
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)  # in ASCII: half characters and direction marks are escapes


class Text(logging.Formatter):
    """A line of words: the time, the event, `name=value`."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record; what a package chose can neither break the line nor drive the terminal."""
        fields: dict[str, Any] = getattr(record, FIELDS, {})
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        told = " ".join(f"{name}={_plain(value)}" for name, value in fields.items())
        line = f"{_time(record, 'seconds')[11:19]} {level}{visible(record.getMessage())}"
        if record.exc_info:
            told = f"{told}\n{self.formatException(record.exc_info)}"
        return f"{line}  {told}" if told else line


def _time(record: logging.LogRecord, to: str) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec=to).replace("+00:00", "Z")


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, dict):
        return ",".join(f"{k}:{_plain(v)}" for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return ",".join(map(_plain, value))
    text = visible(str(value))
    return f"'{text}'" if " " in text else text
