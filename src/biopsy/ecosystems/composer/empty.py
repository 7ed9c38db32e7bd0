"""Packages of nothing, by which it is learnt what Composer and PHP do by themselves."""

import json

from biopsy.ecosystems.blanks import NAME, VERSION, zipped
from biopsy.ecosystems.composer.events import UNASKED

_PLUGIN = """<?php
namespace Blank;

use Composer\\Composer;
use Composer\\IO\\IOInterface;
use Composer\\Plugin\\PluginInterface;

class Plugin implements PluginInterface
{
    public function activate(Composer $composer, IOInterface $io) {}
    public function deactivate(Composer $composer, IOInterface $io) {}
    public function uninstall(Composer $composer, IOInterface $io) {}
    public function main($value = null) { return 0; }
}
"""


def plugin() -> tuple[str, bytes]:
    """Make a plugin with a command, a test, and a file of the autoloader."""
    manifest = {
        "name": f"{NAME}/{NAME}",
        "type": "composer-plugin",
        "require": {"composer-plugin-api": "^2"},
        "extra": {"class": "Blank\\Plugin"},
        "autoload": {"psr-4": {"Blank\\": "src/"}, "files": ["files.php"]},
        "bin": [f"bin/{NAME}"],
    }
    files = {
        "composer.json": json.dumps(manifest),
        "src/Plugin.php": _PLUGIN,
        "files.php": "<?php\nfunction blank_main($value = null) { return 0; }\n",
        "tests/BlankTest.php": "<?php\nclass BlankTest { public function testNothing() {} }\n",
        f"bin/{NAME}": "#!/usr/bin/env php\n<?php\n",
    }
    return f"{NAME}-{NAME}-{VERSION}.zip", _packed(files)


def project() -> tuple[str, bytes]:
    """Make a project whose scripts do nothing."""
    manifest = {
        "name": f"{NAME}/{NAME}",
        "type": "project",
        "autoload": {"files": ["files.php"]},
        "scripts": {event: ["@php -v"] for event in UNASKED if "-package-" not in event},
    }
    files = {"composer.json": json.dumps(manifest), "files.php": "<?php\n"}
    return f"{NAME}-{NAME}-project-{VERSION}.zip", _packed(files)


def _packed(files: dict[str, str]) -> bytes:
    return zipped({f"{NAME}-{NAME}/{path}": text for path, text in files.items()})
