"""Calls once more without the request that a handler's own code asks for."""

import pytest

from biopsy.model.run import Disk, Phase
from biopsy.pipeline import unasked

PLAN = (
    Phase("install", "npm.mjs", ("install", "--budget", "170"), 180.0, installs=True),
    Phase("execute", "npm.mjs", ("execute", "--name", "x", "--budget", "12"), 25.0),
)
HARM = "const { exec } = require('child_process')\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (HARM + "if (request.url === '/_/health' && ok) exec(x)", True),
        (HARM + "if (req.headers['x-key'] == 'abc') exec(x)", True),
        (HARM + "if (ctx.request.path !== '/x') return next()", True),
        ("if (request.url === '/_/health') next()", False),
        (HARM + "options.url === '/x'", False),
        (HARM + "req.url === other", False),
    ],
)
def test_only_harmful_code_that_compares_parts_of_a_request_is_called_once_more(
    text: str, wanted: bool
) -> None:
    goes = unasked.more([text], PLAN)
    assert [(one.name, one.again, one.args[-1], one.disk) for one in goes] == (
        [("execute", "unasked", "--unasked", Disk.INSTALLED)] if wanted else []
    )


def test_other_languages_call_without_such_requests_and_are_not_called_again() -> None:
    plan = (Phase("execute", "pycalls.py", ("execute",), 25.0),)
    assert unasked.more([HARM + "req.url === '/x'"], plan) == ()
