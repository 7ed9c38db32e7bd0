"""Logs: one line each, whatever a package wrote into it."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from biopsy.pipeline.work import logs

HOSTILE = "a\nb\x1b[2J\u202ec \ud800"


@pytest.fixture(autouse=True)
def _root() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def _logged(form: str, **fields: object) -> str:
    into = io.StringIO()
    logs.begin(form, into, worker="w1")
    logs.say(logging.getLogger("biopsy.worker"), logging.INFO, "job analysed", **fields)
    return into.getvalue()


def test_json_lines_hold_the_fields_and_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    line = json.loads(_logged("json", run_id="r1", job=3, stages={"read": 0.5}, empty=""))
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info", "event": "job analysed", "worker": "w1", "run_id": "r1", "job": 3, "stages": {"read": 0.5}
    }  # fmt: skip


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_line_stays_a_line(form: str) -> None:
    written = _logged(form, detail=HOSTILE)
    assert written.count("\n") == 1
    assert "\x1b" not in written
    assert "\u202e" not in written


def test_an_exception_is_in_its_line() -> None:
    into = io.StringIO()
    logs.begin("json", into)
    try:
        int("x")
    except ValueError:
        logging.getLogger("biopsy.worker").exception("odd")
    assert "ValueError: invalid literal" in json.loads(into.getvalue())["exception"]


def test_other_libraries_come_out_in_the_same_form_and_noisy_ones_only_when_it_matters() -> None:
    into = io.StringIO()
    logs.begin("json", into)
    logging.getLogger("httpx").info("GET")
    logging.getLogger("elsewhere").info("hello")
    (line,) = into.getvalue().splitlines()
    assert json.loads(line)["logger"] == "elsewhere"
