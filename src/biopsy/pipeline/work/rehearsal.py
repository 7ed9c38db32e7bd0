"""Do once, with a package of our own, what every job does: what that loads and reads, every job then has.

Nothing is asked of a registry and nothing is kept. What starts threads is left out: a process that forks has
one thread.
"""

import contextlib
import tempfile
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from msgspec import Struct

from biopsy import detect, ecosystems, fetch, static
from biopsy.errors import BiopsyError, RuleError
from biopsy.model.behaviour import Behaviour, When
from biopsy.model.dossier import Dossier
from biopsy.pipeline import metadata
from biopsy.pipeline.analyze import Options, Work, begin, judge
from biopsy.pipeline.before import Before
from biopsy.pipeline.follow.policy import Policies
from biopsy.pipeline.readers import readers
from biopsy.pipeline.source import Sample, collect, open_up
from biopsy.pipeline.work.coming import Setting
from biopsy.static import patterns
from biopsy.static.sight import Source

_MODULES = (
    *("biopsy.ecosystems.npm.packument", "biopsy.ecosystems.pypi.index", "biopsy.pipeline.work.looking"),
    *("biopsy.pipeline.verdicts", "biopsy.pipeline.work.analysing"),
    *("html.parser", "httpcore", "anyio", "nodesemver", "rapidfuzz.process", "encodings.idna"),
)
_RUNNING = ("biopsy.pipeline.dynamic", "biopsy.sandbox.observe")
_KEEPING = ("biopsy.warehouse.artifacts", "obstore.store")
_PYTHON = {
    "setup.py": "from setuptools import setup\nsetup(name='rehearsal', version='1.0')\n",
    "rehearsal/__init__.py": "import os\n\n\ndef run(x='a'):\n    return os.environ.get('HOME') + x\n",
}
_NPM = {
    "package.json": '{"name": "rehearsal", "version": "1.0.0", "scripts": {"test": "node index.js"}}',
    "index.js": "const fs = require('fs');\nmodule.exports = (x) => fs.readFileSync(x || process.argv[2]);\n",
    "more.ts": "export const more = (x: number): number => x + 1;\n",
}


class Loaded(Struct, frozen=True):
    """What is read once: changed rules want a new worker, changed policies are noticed."""

    rules: tuple[detect.Rule, ...]
    policies: Policies


def rehearse(setting: Setting) -> Loaded:
    """Load everything. Raises RuleError where rules or a policy are wrong."""
    home = Path(setting.home)
    for name in (*_MODULES, *(() if setting.static_only else _RUNNING), *(_KEEPING if setting.keeps else ())):
        import_module(name)
    fetch.client().close()
    readers()
    patterns.load()
    policies = Policies(home)
    for ecosystem in ecosystems.all_ecosystems():
        policies.of(ecosystem.type)
        with contextlib.suppress(BiopsyError):  # then each job says so
            ecosystem.endpoint()
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        scratch = Path(folder)
        rules = Path(setting.rules) if setting.rules else None
        options = Options(home, static_only=True, rules=rules, scratch=scratch)
        with begin(options, lambda _text, _done: None) as work:
            if not work.rules:
                raise RuleError(f"{rules}: no rule is there")
            for number, files in enumerate((_PYTHON, _NPM)):
                _act(scratch / f"rehearsal{number}", files, work)
            return Loaded(work.rules, policies)


def _act(top: Path, files: dict[str, str], work: Work) -> None:
    """Read a package and judge it, all but the one reader that starts a thread."""
    for path, text in files.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text)
    (sample,) = collect(str(top), None, work.store, work.scratch)
    seen = tuple(_seen(sample, work))
    judge(Dossier("rehearsal", sample.release, sample.artifact, seen, ()), Before(), work.rules)


def _seen(sample: Sample, work: Work) -> list[Behaviour]:
    opened, today = open_up(sample, work.scratch), datetime.now(UTC).date()
    home, tree = work.options.home, opened.tree
    seen = [*sample.ecosystem.hooks(tree)]
    seen += metadata.read(opened, home, work.store, work.scratch, today, sibling=False)
    sample.ecosystem.moments(tree)
    for file in tree.files:
        source = Source(file.path, (tree.root / file.path).read_bytes(), When.IMPORT)
        for reader in static.discover():
            if reader.NAME != patterns.NAME and reader.wants(source):
                seen += (one for one in reader.read(source) if isinstance(one, Behaviour))
    return seen
