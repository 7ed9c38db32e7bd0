"""Inert edits: changes of a package that change nothing of what it does, and so must change no verdict.

`EDITS` has them by name, each from files to files. `python -m evals.mutate` applies each to every simulant,
clean twin and control (`evals.inert`).
"""

import ast
import re
from collections.abc import Callable, Mapping
from random import Random

from evals import rename
from evals.squeeze import javascript as squeeze_javascript
from evals.squeeze import python as squeeze_python
from evals.squeeze import tabs
from evals.syntax import JS_SUFFIXES, parse

Files = dict[str, bytes]
Edit = Callable[[Files], Files]
Change = Callable[[bytes], bytes]
EDITS: dict[str, Edit] = {}

BULK = 1000
"""Small files that `bulk` adds."""

_PYTHON = ".py"
_PADDING = 100_000  # bytes of comment
_GAP = b"\n" * 500


def edit(name: str) -> Callable[[Edit], Edit]:
    """Enter an edit in the list."""

    def enter(change: Edit) -> Edit:
        EDITS[name] = change
        return change

    return enter


def _each(name: str, python: Change | None = None, javascript: Change | None = None) -> None:
    """Enter an edit that changes file by file; a source that its language cannot read stays as it is."""

    def change(files: Files) -> Files:
        made = {}
        for path, data in files.items():
            one = python if _is_python(path, data) else javascript if _is_javascript(path, data) else None
            made[path] = one(data) if one else data
        return made

    EDITS[name] = change


def _is_python(path: str, data: bytes) -> bool:
    if not path.endswith(_PYTHON) or not data.strip():
        return False
    try:
        ast.parse(data)
    except (SyntaxError, ValueError):
        return False
    return True


def _is_javascript(path: str, data: bytes) -> bool:
    return path.endswith(JS_SUFFIXES) and bool(data.strip()) and not data.startswith(b"#!")


def _top(data: bytes) -> int:
    """Return the byte at which a Python file's own statements begin: after docstring and `__future__`."""
    lines = data.splitlines(keepends=True)
    last = 0
    for node in ast.parse(data).body:
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not (text or (isinstance(node, ast.ImportFrom) and node.module == "__future__")):
            break
        last = node.end_lineno or last
    last = last or next((n for n, line in enumerate(lines) if not line.startswith(b"#")), len(lines))
    return sum(map(len, lines[:last]))


def _python_lines(before: str, after: str = "") -> Change:
    """Return a change that puts lines at the beginning and at the end of a Python file."""

    def change(data: bytes) -> bytes:
        place = _top(data)
        gap = b"" if data[:place].endswith(b"\n") or not place else b"\n"
        return data[:place] + gap + before.encode() + data[place:].rstrip(b"\n") + b"\n" + after.encode()

    return change


def _javascript_lines(before: str, after: str = "") -> Change:
    """Return a change that puts lines at the beginning and at the end of a JavaScript file."""

    def change(data: bytes) -> bytes:
        head = re.match(rb"(?:['\"]use strict['\"];?\n)?", data)
        place = head.end() if head else 0
        return data[:place] + before.encode() + data[place:].rstrip(b"\n") + b"\n" + after.encode()

    return change


_each(
    "glob string",
    _python_lines("_GLOB = 'src/**/*'\n", "_GLOBS = ['/*', '*/', '**/*.py']\n"),
    _javascript_lines("const _glob = 'src/**/*';\n", "const _globs = ['/*', '*/', '**/*.js'];\n"),
)
_each(
    "odd quotes",
    _python_lines('_Q = \'"""\'\n', "_QS = [\"'''\", '\"', '#', '\\\\']\n"),
    _javascript_lines(
        'const _q = \'"""\';\n', "const _qs = [\"'\", '\"', '`', /['\"`\\/]/, '//', '<!--'];\n"
    ),
)
_each(
    "comments",
    _python_lines("# it's \"odd\": '''\n# import os; exec('''\n", '# the end: """\n'),
    _javascript_lines("// it's \"odd\" `\n/* eval(' // */\n", "/* the end: */ // '\n"),
)
_each(
    "dead code",
    _python_lines(
        "if False:\n    _never = 1\n",
        "\n\ndef _unused(count, names=()):\n"
        "    for name in names:\n        count += len(name)\n    return count\n",
    ),
    _javascript_lines(
        "if (false) { var _never = 1; }\n",
        "\nfunction _unused(count, names) "
        "{ for (const n of names || []) count += n.length; return count; }\n",
    ),
)
_each(
    "blank lines",
    lambda data: b"\n" * 500 + data + b"\n" * 500,
    lambda data: b"\n" * 500 + data + b"\n" * 500,
)
_each(
    "padding",
    lambda data: _comment(b"# ") + data.rstrip(b"\n") + b"\n" + _comment(b"# "),
    lambda data: _comment(b"// ") + data.rstrip(b"\n") + b"\n" + _comment(b"// "),
)
_each("byte order mark", lambda data: b"\xef\xbb\xbf" + data, lambda data: b"\xef\xbb\xbf" + data)
_each("minify", squeeze_python, squeeze_javascript)
_each("tabs", tabs)


def _comment(mark: bytes) -> bytes:
    line = mark + b"lorem ipsum dolor sit amet consectetur\n"
    return line * (_PADDING // len(line))


def _ends(new: bytes) -> Change:
    """Return a change of line ends, for what has no strings over several lines that would change too."""

    def change(data: bytes) -> bytes:
        return data if b"\r" in data or re.search(rb"`[^`]*\n[^`]*`", data) else data.replace(b"\n", new)

    return change


_each("line ends of Windows", _ends(b"\r\n"), _ends(b"\r\n"))
_each("line ends of old", _ends(b"\r"), _ends(b"\r"))


def _declared(encoding: str) -> Change:
    """Return a change of a Python file's encoding; where that cannot hold the text, no change."""

    def change(data: bytes) -> bytes:
        if data.startswith(b"#!") or re.search(rb"coding[:=]", data[:200]):
            return data
        try:
            new = f"# -*- coding: {encoding} -*-\n".encode() + data.decode().encode(encoding)
            return new if ast.dump(ast.parse(new)) == ast.dump(ast.parse(data)) else data
        except (UnicodeError, SyntaxError):
            return data

    return change


_each("encoding latin-1", _declared("latin-1"))
_each("encoding utf-7", _declared("utf-7"))
_each("encoding cp1252", _declared("cp1252"))


@edit("renamed locals")
def _renamed(files: Files) -> Files:
    made = {}
    for path, data in files.items():
        others = b"\n".join(text for other, text in files.items() if other != path)
        if _is_python(path, data):
            made[path] = rename.python(data, others)
        else:
            made[path] = rename.javascript(data) if _is_javascript(path, data) else data
    return made


@edit("functions in another order")
def _reordered(files: Files) -> Files:
    return {path: _swapped(data) if _is_python(path, data) else data for path, data in files.items()}


def _swapped(data: bytes) -> bytes:
    """Swap neighbouring undecorated functions of a module: nothing runs between their definitions."""
    lines = data.splitlines(keepends=True)
    body = ast.parse(data).body
    for first, second in zip(body[::2], body[1::2], strict=False):
        plain = [
            node
            for node in (first, second)
            if isinstance(node, ast.FunctionDef)
            and not (node.decorator_list or node.args.defaults or node.args.kw_defaults)
        ]
        if len(plain) == 2 and plain[0].name != plain[1].name:
            a, b, c, d = plain[0].lineno, plain[0].end_lineno, plain[1].lineno, plain[1].end_lineno
            assert b is not None and d is not None  # noqa: PT018 - parsed, so they are known
            one, gap, two = lines[a - 1 : b], lines[b : c - 1], lines[c - 1 : d]
            if all(not line.strip() for line in gap) and two[-1].endswith(b"\n"):
                lines[a - 1 : d] = [*two, *gap, *one]
    return b"".join(lines)


@edit("files in another order")
def _shuffled(files: Files) -> Files:
    return dict(sorted(files.items(), reverse=True))


def _stub(suffix: str) -> Edit:
    """Return an edit that moves code to files of another suffix, and runs or requires it from there."""
    python = (
        f"import os as _os\n_code = _os.path.splitext(__file__)[0] + '{suffix}'\n"
        "with open(_code, 'rb') as _file:\n    exec(compile(_file.read(), _code, 'exec'), globals())\n"
    )

    def change(files: Files) -> Files:
        made = {}
        for path, data in files.items():
            stem = path.rpartition(".")[0]
            if stem + suffix not in files and _is_python(path, data) and _runs_in_place(path, files):
                made |= {path: python.encode(), stem + suffix: data}
            elif _is_javascript(path, data) and _is_common(path, data, files) and suffix != ".pyw":
                name = stem.rpartition("/")[2] + suffix
                made |= {path: f"module.exports = require('./{name}')\n".encode(), stem + suffix: data}
            else:
                made[path] = data
        return made

    return change


def _runs_in_place(path: str, files: Mapping[str, bytes]) -> bool:
    """Whether a file beside this one is there when it runs: an sdist's package is copied without data."""
    if path.startswith(("tests/", "docs/")):
        return False
    source = "setup.py" in files or "pyproject.toml" in files
    return (
        not source
        or path == "setup.py"
        or path.split("/", maxsplit=1)[0] in ("_build", "tools", "build_tools")
    )


def _is_common(path: str, data: bytes, files: Mapping[str, bytes]) -> bool:
    """Whether a file is a CommonJS module that may be loaded by another one."""
    if path.endswith(".mjs") or b"require.main" in data or b'"module"' in files.get("package.json", b""):
        return False
    kinds = {node.type for node in parse(data).children}
    return not kinds & {"import_statement", "export_statement", "ERROR"} and b"import.meta" not in data


EDITS["suffix of pythonw"] = _stub(".pyw")
EDITS["suffix of data"] = _stub(".dat")


def _folder(files: Files) -> str:
    """Return where a package of these files keeps its modules: as a prefix of paths."""
    if "package.json" in files:
        return "lib/"
    tops = [path.split("/")[0] for path in files if path.endswith("/__init__.py")]
    return f"{tops[0]}/" if tops else "extra_words/"


@edit("bulk")
def _bulk(files: Files) -> Files:
    """Add a thousand small innocent files, before and after."""
    folder, node = _folder(files), "package.json" in files
    suffix = ".js" if node else ".py"
    text = "exports.value = {}\n" if node else '"""Value {0}."""\n\nVALUE = {0}\n'
    new = {f"{folder}{'_a' if n % 2 else 'zz'}{n:04}{suffix}": text.format(n).encode() for n in range(BULK)}
    names = sorted(new)
    half = len(names) // 2
    return {name: new[name] for name in names[:half]} | files | {name: new[name] for name in names[half:]}


_DECOY_PY = '''"""Things that a library does."""

import base64
import json
import os
import subprocess
import urllib.request


def settings(path=None):
    with open(path or os.path.expanduser("~/.config/words/settings.json")) as file:
        return json.load(file)


def ask(address, timeout=10):
    with urllib.request.urlopen(address, timeout=timeout) as answer:
        return json.loads(answer.read())


def version(tool="git"):
    return subprocess.run([tool, "--version"], capture_output=True, text=True).stdout


def icon():
    return base64.b64decode("R0lGODlhAQABAAAAACw=")


def level():
    return os.environ.get("WORDS_LEVEL", "info")
'''
_DECOY_JS = """const { execFile } = require('child_process')
const { readFile } = require('fs')
const https = require('https')

exports.settings = (path, done) => readFile(path, 'utf8', (error, text) => done(error, text && text.trim()))
exports.ask = (url, done) => https.get(url, (answer) => done(null, answer.statusCode)).on('error', done)
exports.version = (done) => execFile('git', ['--version'], done)
exports.icon = () => Buffer.from('R0lGODlhAQABAAAAACw=', 'base64')
exports.level = () => process.env.WORDS_LEVEL || 'info'
"""


@edit("decoys")
def _decoys(files: Files) -> Files:
    """Add files that can do what the payload can, and do it only when asked."""
    node = "package.json" in files
    text, suffix = (_DECOY_JS, ".js") if node else (_DECOY_PY, ".py")
    names = [f"{_folder(files)}{stem}{suffix}" for stem in ("_a_decoy", "decoy", "zz_decoy")]
    return {names[0]: text.encode()} | files | {name: text.encode() for name in names[1:]}


@edit("large neighbours")
def _neighbours(files: Files) -> Files:
    """Add big files of data before and after."""
    random = Random(7)
    rows = ",\n".join(f'  "{random.getrandbits(64):x}": {random.random():.6f}' for _ in range(4000))
    data = f"{{\n{rows}\n}}\n".encode()
    folder = _folder(files)
    return {f"{folder}_a_table.json": data} | files | {f"{folder}zz_table.json": data}


if __name__ == "__main__":
    from evals.inert import main

    main()
