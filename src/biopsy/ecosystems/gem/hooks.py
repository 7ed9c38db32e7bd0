"""What a gemspec says: hooks, entries, dependencies.

`pkg.hook` has these values:

    gem:extension ext/x/extconf.rb   run by `gem install` (extconf.rb, Rakefile, mkrf_conf, configure, …)
    gem:plugin lib/rubygems_plugin.rb   loaded by the install and by every later `gem`

`pkg.entry` is `bin NAME=PATH`; `pkg.dependency` is `NAME@REQUIREMENT`; what is printed after an install is
`pkg.content post-install-message …`. A gemspec that names classes which RubyGems refuses, or files that are
not there, is `pkg.malformed`.
"""

from collections.abc import Iterator

from biopsy.ecosystems.gem.specification import Malformed, Specification, load
from biopsy.ecosystems.manifests import once
from biopsy.model.behaviour import Behaviour, InFile, Kind, When
from biopsy.model.release import Tree

PLUGIN = "rubygems_plugin.rb"
"""RubyGems loads a file of this name in any require path, when the gem is installed and ever after."""


def hooks(tree: Tree) -> Iterator[Behaviour]:
    """Yield each fact once. Never raises."""
    spec = load(tree)
    if isinstance(spec, Malformed):
        yield Behaviour(Kind.PKG_MALFORMED, f"{spec.path} {spec.reason}", InFile(spec.path))
        return
    yield from once(_all(tree, spec))


def plugins(tree: Tree, spec: Specification) -> list[str]:
    """Give the files that RubyGems loads as plug-ins."""
    wanted = {f"{folder.strip('/')}/{PLUGIN}".removeprefix("./") for folder in spec.require_paths}
    return sorted(file.path for file in tree.files if file.path in wanted)


def _all(tree: Tree, spec: Specification) -> Iterator[Behaviour]:
    paths = {file.path for file in tree.files}
    where = InFile(spec.path)
    for path in spec.extensions:
        yield Behaviour(Kind.PKG_HOOK, f"gem:extension {path}", InFile(path, 0, When.INSTALL))
        if path not in paths:
            yield Behaviour(Kind.PKG_MALFORMED, f"{spec.path} no such extension {path}", where)
    for path in plugins(tree, spec):
        yield Behaviour(Kind.PKG_HOOK, f"gem:plugin {path}", InFile(path, 0, When.INSTALL))
    for name in spec.executables:
        yield Behaviour(Kind.PKG_ENTRY, f"bin {name}={spec.bindir}/{name}", where)
    for name, wanted in spec.dependencies.items():
        yield Behaviour(Kind.PKG_DEPENDENCY, f"{name}@{wanted or '>= 0'}", where)
    if message := " ".join(spec.message.split()):
        yield Behaviour(Kind.PKG_CONTENT, f"post-install-message {message[:300]}", where)
    for name in spec.strange:
        yield Behaviour(Kind.PKG_MALFORMED, f"{spec.path} !ruby/{name}", where)
    for folder in spec.require_paths:
        if folder.startswith("/") or ".." in folder.split("/"):
            yield Behaviour(Kind.PKG_MALFORMED, f"{spec.path} require path {folder}", where)
