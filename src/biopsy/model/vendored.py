"""Vendored: whether a file stands where packages keep copies of other people's code, by its path alone.

It is the author's word for where the code is from, and no proof: anybody may call a folder so. It may explain
a capability (a copied library brings what libraries bring), never acquit: the loader of rules refuses the one
that would (docs/rules.md).
"""

import re
from functools import lru_cache

from biopsy.model.regex import regex

_FOLDER = regex(
    r"(?:^|/)(?:"
    r"_?vendor(?:s|ed)?(?:[-_](?:packages|libs?|modules|code|src))?"  # pip, Go, PHP, Ruby, many more
    r"|_?vendored[-_][^/]+"  # vendored-meson
    r"|_?(?:third|3rd)[-_]?party"
    r"|_?extern(?:s|al|als)?"  # setuptools, astropy; joblib, seaborn
    r"|node_modules|bower_components|jspm_packages|web_modules"
    r"|(?:site|dist)-packages"
    r")/"
    r"|(?:^|/)dist/compiled/",  # what ncc makes of a dependency, as its users keep it
    re.IGNORECASE,
)
_BUNDLE = regex(
    r"(?:^|/)(?:vendors~[^/]*|(?:chunk-)?vendors?(?:[._-](?:bundle|chunk|min|prod(?:uction)?|dev(?:elopment)?|\d+"
    r"|(?=[0-9a-f]*\d)[0-9a-f]{6,64}))+|chunk-vendors[^/]*)\.[cm]?js$",
    re.IGNORECASE,
)
"""What bundlers call the file into which they put all dependencies: `vendors~main.js`, `vendor.3f2a9b.js`."""


@lru_cache(maxsize=8192)
def vendored(path: str) -> bool:
    """Whether a path is that of a copy of somebody else's code, by its folders or by a bundler's name for it.

    The package's own name is not told from a folder's: a module called `vendor` counts. Copies without such a
    folder, and those inside a bundle that has a name of its own, do not.
    """
    return _FOLDER.search(path) is not None or _BUNDLE.search(path) is not None
