"""What the action.yml files of a repository say.

`pkg.hook` has these values, for the action at the root or at `PATH:`:

    action:pre setup.js             runs before the job's first step, in Node
    action:main dist/index.js       runs as the step (a container's: `action:entrypoint run.sh`)
    action:post cleanup.js          runs after the job's last step
    action:run COMMAND              a line of a composite action's own

`pkg.dependency` is what a composite action uses, `owner/name@ref` or `docker://image`; `pkg.config` tells
`action unpinned owner/name@ref` where the ref is no commit (whoever owns it can move it), `action
untrusted-input EXPRESSION` where text of somebody else stands in a command, `action all-secrets`, and
`action image NAME` of a container.
"""

import re
from collections.abc import Iterator

from biopsy.ecosystems.claims import MAX_README, Manifest
from biopsy.ecosystems.github.document import Action, actions
from biopsy.ecosystems.github.versions import commit
from biopsy.ecosystems.reading import read
from biopsy.model.behaviour import Behaviour, InFile, Kind, When
from biopsy.model.regex import regex
from biopsy.model.release import Release, Tree

MAX_EACH = 2000
"""Most behaviours that the actions of one repository may give."""

_TAKEN = (".tgz", ".whl", ".gem", ".crate", ".vsix", ".jar", ".nupkg")
_REMOTE = regex(r"[\w.-]+/[\w./-]+@[^\s@]+|docker://\S+")
_UNTRUSTED = regex(
    r"\$\{\{\s*(github\.(?:event\.(?:issue|comment|discussion|review|pull_request|head_commit|commits"
    r"|pages|workflow_run)\.?[\w.\[\]*-]*?\.?(?:title|body|message|name|email|ref|label|default_branch)"
    r"|head_ref)|inputs\.[\w-]+)\s*\}\}"
)
_SECRETS = regex(r"toJSON\(\s*(?:secrets|github|env)\s*\)", re.IGNORECASE)
_README = regex(r"readme(?:\.(?:md|markdown|txt|rst))?", re.IGNORECASE)
_ARCHIVE = regex(r"(?P<name>[A-Za-z0-9._-]+?)-v?(?P<version>\d[\w.+-]*|[0-9a-f]{40})\.(?:tar\.gz|zip)")


def identify(tree: Tree, filename: str) -> Release | None:
    """Give `unknown/NAME` by the file's or folder's name: an action.yml does not say whose it is."""
    at_root = any(f.path in ("action.yml", "action.yaml") for f in tree.files)
    if not at_root or filename.lower().endswith(_TAKEN):
        return None
    match = _ARCHIVE.fullmatch(filename)
    stem = match["name"] if match else re.sub(r"(?:\.tar\.gz|\.zip|/)$", "", filename)
    name = re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip(".-") or "unknown"
    return Release("github", f"unknown/{name[:100]}", match["version"] if match else "")


def manifest(tree: Tree) -> Manifest | None:
    """Read what the root's action.yml says of itself; None where it has none that can be read."""
    root = next((one for one in actions(tree) if not one.folder), None)
    if root is None or root.malformed:
        return None
    readme = next((f.path for f in tree.files if _README.fullmatch(f.path)), "")
    uses = [step.uses for one in actions(tree) for step in one.steps if _REMOTE.fullmatch(step.uses)]
    return Manifest(
        "",
        "",
        root.path,
        root.description,
        (read(tree, readme) or "")[:MAX_README] if readme else "",
        None,
        (),
        {key: path for key in ("pre", "post") if (path := getattr(root, key))},
        {"main": root.main} if root.main else {},
        dict(use.rpartition("@")[::2] for use in uses if "@" in use),
        None,
    )


def hooks(tree: Tree) -> Iterator[Behaviour]:
    """Yield each fact once, of every action of the repository. Never raises."""
    seen: set[Behaviour] = set()
    for one in actions(tree):
        for fact in _one(one):
            if fact not in seen and len(seen) < MAX_EACH:
                seen.add(fact)
                yield fact


def _one(it: Action) -> Iterator[Behaviour]:
    if it.malformed:
        yield Behaviour(Kind.PKG_MALFORMED, f"{it.path} {it.malformed}", InFile(it.path))
        return
    for key, when in (("pre", When.INSTALL), ("main", When.IMPORT), ("post", When.IMPORT)):
        if path := getattr(it, key):
            yield _hook(it, f"action:{key} {path}", it.lines.get(key, 0), when)
    for key, path in it.entrypoints:
        yield _hook(it, f"action:{key} {path}", it.lines.get(key, 0), When.IMPORT)
    if it.image:
        yield Behaviour(
            Kind.PKG_CONFIG, f"action image {it.image}", InFile(it.path, it.lines.get("image", 0))
        )
    for step in it.steps:
        yield from _step(it, step.run, step.uses, step.line)


def _step(it: Action, run: str, uses: str, line: int) -> Iterator[Behaviour]:
    where = InFile(it.path, line)
    if first := run.strip().partition("\n")[0]:
        yield _hook(it, f"action:run {first}", line, When.IMPORT)
    for match in _UNTRUSTED.finditer(run):
        yield Behaviour(Kind.PKG_CONFIG, f"action untrusted-input {match[1]}", where)
    if secrets := _SECRETS.search(run):
        yield Behaviour(Kind.PKG_CONFIG, f"action all-secrets {secrets[0]}", where)
    if _REMOTE.fullmatch(uses):
        yield Behaviour(Kind.PKG_DEPENDENCY, uses, where)
        if not uses.startswith("docker://") and not commit(uses.rpartition("@")[2]):
            yield Behaviour(Kind.PKG_CONFIG, f"action unpinned {uses}", where)


def _hook(it: Action, value: str, line: int, when: When) -> Behaviour:
    return Behaviour(Kind.PKG_HOOK, value, InFile(it.path, line, when))
