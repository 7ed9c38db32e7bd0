"""By which paths others reach what lies in private modules of a crate: what `pub use` exports again."""

import re

MAX_USES = 2000  # names that a crate exports again
MAX_CHAIN = 3  # an export of an export of an export
MAX_NESTED = 20  # braces in braces

PRIVATE = re.compile(r"(?P<test>#\[cfg\(test\)\]\s*)?(?<!pub )\bmod\s+(?P<mod>\w+)\s*;")
_USE = re.compile(r"\bpub\s+use\s+([^;]{1,2000});")


def uses(text, prefix):
    """Give what a module exports: pairs of what is meant and the path by which others reach it; `*` is everything."""
    found = []
    for match in _USE.finditer(text):
        for path, name in leaves(match[1]):
            parts = [one.strip() for one in path.split("::") if one.strip()]
            above = [one for one in prefix.split("::") if one]
            while parts and parts[0] in ("self", "super"):
                above = above[:-1] if parts[0] == "super" else above
                parts = parts[1:]
            meant = parts[1:] if parts[:1] == ["crate"] else above + parts
            if meant and meant[-1] == "*":
                found.append(("::".join(meant[:-1]), prefix.removesuffix("::")))
            elif meant:
                found.append(("::".join(meant), prefix + (name or meant[-1])))
            if len(found) >= MAX_USES:
                return found
    return found


def leaves(tree, above="", depth=0):
    """Give each path of a tree such as `a::{b, c::{d as e, *}}`, and the name that it is given."""
    head, brace, rest = tree.strip().partition("{")
    if not brace:
        path, _, name = head.partition(" as ")
        path = f"{above}{path.strip()}"
        yield path.removesuffix("::self"), name.strip()
        return
    level, start, inside = 0, 0, rest.rstrip().removesuffix("}")
    if depth >= MAX_NESTED:
        return
    for at, letter in enumerate(inside + ","):
        level += (letter == "{") - (letter == "}")
        if letter == "," and level <= 0:
            if inside[start:at].strip():
                yield from leaves(inside[start:at], f"{above}{head.strip()}", depth + 1)
            start = at + 1


def reached(path, exported):
    """Give the path by which others reach something private; an empty one where they cannot."""
    for meant, seen in exported:
        if path == meant or path.startswith(f"{meant}::") or not meant:
            return f"{seen}{path[len(meant) :]}".removeprefix("::")
    return ""


def public(path, hidden, exported):
    """Give the public path of what lies at a path, where `hidden` are the private modules."""
    for _ in range(MAX_CHAIN):
        if not any(path.startswith(f"{one}::") for one in hidden):
            return path
        path = reached(path, exported)
        if not path:
            return ""
    return ""
