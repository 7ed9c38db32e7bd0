"""A gem's manifest in the shape that all ecosystems share: its archive's and the registry's."""

import re

from biopsy.ecosystems.claims import MAX_EACH, MAX_README, Manifest
from biopsy.ecosystems.gem.hooks import plugins
from biopsy.ecosystems.gem.specification import Malformed, load
from biopsy.ecosystems.reading import read
from biopsy.model.regex import regex
from biopsy.model.release import Tree

_README = regex(r"readme(?:\.(?:md|markdown|txt|rdoc|rst|org))?", re.IGNORECASE)
_NATIVE = ("extconf.rb", "mkrf_conf.rb", "configure", "CMakeLists.txt", "Cargo.toml")


def of_tree(tree: Tree) -> Manifest | None:
    """Read the gemspec and the README; None where the gemspec cannot be read."""
    spec = load(tree)
    if isinstance(spec, Malformed):
        return None
    readme = next((f.path for f in tree.files if _README.fullmatch(f.path)), "")
    scripts = {f"extension {path}": path for path in spec.extensions}
    scripts |= {f"plugin {path}": path for path in plugins(tree, spec)}
    return Manifest(
        spec.name,
        spec.version,
        spec.path,
        spec.summary or spec.description,
        (read(tree, readme) or "")[:MAX_README] if readme else "",
        spec.links,
        tuple(dict.fromkeys(mail.strip()[:254] for mail in spec.mails if mail.strip())),
        dict(list(scripts.items())[:MAX_EACH]),
        {name: f"{spec.bindir}/{name}" for name in spec.executables[:MAX_EACH]},
        dict(list(spec.dependencies.items())[:MAX_EACH]),
        any(path.endswith(_NATIVE) for path in spec.extensions),
    )
