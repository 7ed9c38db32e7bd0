"""An action.yml, read with tolerance: whatever has the wrong type counts as absent."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from biopsy.ecosystems.nesting import too_deep
from biopsy.ecosystems.reading import read
from biopsy.model.regex import regex
from biopsy.model.release import Tree

MAX_TEXT = 256 * 1024
"""Longest action.yml that is read, in characters."""

MAX_STEPS = 500
"""Most steps of an action."""

MAX_ACTIONS = 200
"""Most action.yml files of a repository."""

MAX_NODES = 20_000
"""Most values of one, aliases followed."""

_FILE = regex(r"(?:.*/)?action\.ya?ml")


class Step(Struct, frozen=True):
    """A step of a composite action."""

    run: str = ""
    uses: str = ""
    shell: str = ""
    line: int = 0


class Action(Struct, frozen=True):
    """What one action.yml says. `folder` ends in a slash, or is empty; `using` is `node24`, `composite`, …"""

    path: str
    folder: str
    name: str = ""
    description: str = ""
    author: str = ""
    using: str = ""
    main: str = ""
    pre: str = ""
    post: str = ""
    image: str = ""
    entrypoints: tuple[tuple[str, str], ...] = ()  # of a container: `entrypoint`, `pre-entrypoint`, …
    steps: tuple[Step, ...] = ()
    malformed: str = ""
    lines: dict[str, int] = field(default_factory=dict)


def actions(tree: Tree) -> Iterator[Action]:
    """Yield each action of a repository, that at its root first. Never raises."""
    paths = sorted((f.path for f in tree.files if _FILE.fullmatch(f.path)), key=lambda p: (p.count("/"), p))
    for path in paths[:MAX_ACTIONS]:
        yield one(path, read(tree, path) or "")


def one(path: str, text: str) -> Action:
    """Read one action.yml. Never raises."""
    folder = path.rpartition("/")[0]
    folder = f"{folder}/" if folder else ""
    if len(text) > MAX_TEXT:
        return Action(path, folder, malformed="too-large")
    import yaml  # noqa: PLC0415 - a tenth of a second, and only for actions

    try:
        if too_deep(text):
            return Action(path, folder, malformed="too-deep")
        node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        found = _Plain().of(node)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return Action(path, folder, malformed=f"YAML {type(error).__name__}")
    if not isinstance(found, dict):
        return Action(path, folder, malformed="no mapping")
    runs = found.get("runs")
    runs = runs if isinstance(runs, dict) else {}
    listed = runs.get("steps")
    return Action(
        path,
        folder,
        name=_text(found.get("name")),
        description=_text(found.get("description")),
        author=_text(found.get("author")),
        using=_text(runs.get("using")).lower(),
        main=_text(runs.get("main")),
        pre=_text(runs.get("pre")),
        post=_text(runs.get("post")),
        image=_text(runs.get("image")),
        entrypoints=tuple(
            (key, _text(runs.get(key)))
            for key in ("pre-entrypoint", "entrypoint", "post-entrypoint")
            if _text(runs.get(key))
        ),
        steps=tuple(_step(step) for step in listed[:MAX_STEPS]) if isinstance(listed, list) else (),
        lines={key: runs.lines.get(key, 0) for key in runs} if isinstance(runs, _Mapping) else {},
    )


def _step(step: object) -> Step:
    if not isinstance(step, _Mapping):
        return Step()
    line = step.lines.get("run") or step.lines.get("uses") or 0
    return Step(_text(step.get("run")), _text(step.get("uses")), _text(step.get("shell")), line)


class _Mapping(dict[str, Any]):
    """A mapping that knows the lines of its values."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


class _Plain:
    """YAML's nodes as values, every scalar as text; aliases count each time they are used."""

    def __init__(self) -> None:
        self.left = MAX_NODES

    def of(self, node: Any) -> Any:
        """Give the value of a node; ValueError where there are too many."""
        self.left -= 1
        if self.left < 0:
            raise ValueError("too many values")
        kind = getattr(node, "id", "")
        if kind == "scalar":
            return node.value
        if kind == "sequence":
            return [self.of(one) for one in node.value]
        if kind != "mapping":
            return None
        made = _Mapping()
        for key, value in node.value:
            name = key.value if getattr(key, "id", "") == "scalar" else ""
            made[name] = self.of(value)
            made.lines[name] = value.start_mark.line + 1
        return made


def _text(value: object) -> str:
    return value[:65_536] if isinstance(value, str) else ""
