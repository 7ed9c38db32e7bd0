"""Copy what the site takes from npm into `vendor/`, and write down what was copied: `make vendor`.

    npm ci --ignore-scripts && python vendor.py

`package.json` says which file comes from where, `package-lock.json` which bytes that is: npm ci checks them.
`vendor/manifest.json` has the hash of each copy beside the integrity of the package that it came from.
"""

import hashlib
import json
import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Copy, and write the manifest."""
    wanted = json.loads((HERE / "package.json").read_text())["vendor"]
    locked = json.loads((HERE / "package-lock.json").read_text())["packages"]
    folder = HERE / "vendor"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    manifest = {}
    for name, source in wanted.items():
        data = (HERE / "node_modules" / source).read_bytes()
        (folder / name).write_bytes(data)
        package = source.partition("/")[0]
        held = locked[f"node_modules/{package}"]
        manifest[name] = {
            "package": f"{package}@{held['version']}",
            "file": source.partition("/")[2],
            "integrity": held["integrity"],
            "license": held["license"],
            "sha512": hashlib.sha512(data).hexdigest(),
        }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
