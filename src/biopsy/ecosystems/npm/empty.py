"""An npm package with nothing in it but a script for its install."""

import json

from biopsy.ecosystems.blanks import NAME, VERSION, packed

_NODE = "exports.main = function main(value) { return 0; };\n"


def tarball() -> tuple[str, bytes]:
    """A module, a command and a script."""
    package = {
        "name": NAME,
        "version": VERSION,
        "main": "index.js",
        "bin": {NAME: "bin.js"},
        "scripts": {"postinstall": "node index.js"},
    }
    files = {
        "package/package.json": json.dumps(package),
        "package/index.js": _NODE,
        "package/bin.js": "#!/usr/bin/env node\n",
    }
    return f"{NAME}-{VERSION}.tgz", packed(files)
