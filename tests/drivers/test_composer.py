"""The driver for PHP packages, run natively where this machine has PHP and Composer."""

import json
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from drivers.conftest import FOLDER, Report, drive
from thorough import WHOLE

pytestmark = pytest.mark.skipif(
    not shutil.which("php") or not Path("/usr/bin/composer").exists(),
    reason="no php and no composer on this machine; in the sandbox they are tried too",
)

FILES = {
    "src/Slug.php": (
        "<?php\nnamespace Acme;\nclass Slug {\n  public function __construct(private string $host) {}\n"
        "  public function make(string $text) {\n    if ($text === 'open-sesame') { touch('made'); }\n    return 1;\n  }\n"
        "  public function endless() { while (true); }\n  public function ends() { exit(4); }\n}\n"
    ),
    "src/Broken.php": "<?php\nnamespace Acme;\nclass Broken extends \\Missing\\Thing {}\n",
    "src/Ends.php": "<?php touch('ended'); exit(3);\n",
    "src/Killed.php": "<?php posix_kill(getmypid(), 9);\n",
    "src/Syntax.php": "<?php class {\n",
    "tests/SlugTest.php": (
        "<?php\nnamespace Acme\\Tests;\ntouch('tested');\nclass SlugTest extends \\PHPUnit\\Framework\\TestCase {\n"
        "  protected function setUp(): void { touch('set-up'); }\n"
        "  public function testMake(): void { self::assertSame(1, (new \\Acme\\Slug('h'))->make('x')); touch('asserted'); }\n}\n"
    ),
    "bin/slug": "#!/usr/bin/env php\n<?php echo 'slug'; exit(in_array('--help', $argv) ? 0 : 1);\n",
    "boot.php": "<?php touch('started');\n",
}
MANIFEST = {
    "name": "acme/slugger",
    "autoload": {"psr-4": {"Acme\\": "src/"}, "files": ["boot.php"]},
    "bin": ["bin/slug"],
}


class Project:
    """Somebody's project, and an archive beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root / "project"
        self.root.mkdir()
        self.archive = root / "acme-slugger-1.2.3.zip"

    def pack(self, files: dict[str, str] | None = None, **more: object) -> None:
        """Make the archive."""
        every = {**FILES, **(files or {}), "composer.json": json.dumps({**MANIFEST, **more})}
        with zipfile.ZipFile(self.archive, "w") as pack:
            for path, text in every.items():
                pack.writestr(f"acme-slugger-0a1b2c3/{path}", text)

    def drive(self, phase: str, *more: str) -> Report:
        """Run a phase."""
        argv = [sys.executable, "-I", str(FOLDER / "composer.py"), phase, "--name", "acme/slugger", *more]
        return drive(argv, self.root)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COMPOSER_ALLOW_SUPERUSER", "1")
    monkeypatch.delenv("COMPOSER_HOME", raising=False)
    return Project(tmp_path)


def test_a_library_is_installed_loaded_and_called_file_by_file(project: Project) -> None:
    project.pack()
    done = project.drive("install", "--budget", "60", str(project.archive))
    assert (done.phase, done.reason, list(done.steps)) == ("completed", "", ["composer require"]), done.errors
    done = project.drive("start", "--budget", "10")
    assert (done.phase, (project.root / "started").exists()) == ("completed", True)
    done = project.drive("import", "--budget", "30", "--each", "5")
    assert done.phase == "completed"
    assert done.steps["src/Slug.php"] == ("completed", "")
    assert done.steps["src/Ends.php"] == ("completed", "exited")
    assert done.steps["src/Broken.php"][0] == "failed"
    assert done.steps["src/Syntax.php"][1].startswith("raised: ParseError")
    assert done.steps["src/Killed.php"] == ("crashed", "signal-9")
    assert list(done.steps)[-1] == "tests/SlugTest.php"
    assert (project.root / "ended").exists()
    assert (project.root / "tested").exists()
    done = project.drive("scripts", "--budget", "10")
    assert done.steps == {"slug --help": ("completed", "")}


def test_what_files_define_is_called_with_the_texts_of_its_code(project: Project) -> None:
    project.pack(dict.fromkeys(("src/Ends.php", "src/Killed.php", "src/Syntax.php"), "<?php"))
    project.drive("install", "--budget", "60", str(project.archive))
    done = project.drive("execute", "--budget", "30", "--each", "20")
    assert (project.root / "made").exists()
    assert done.steps["Acme\\Slug->make()"] == ("completed", "")
    assert done.steps["Acme\\Slug->endless()"][0] == "timeout"
    assert done.steps["Acme\\Slug->ends()"] == ("failed", "exited")
    assert "tests/SlugTest.php" not in done.steps
    done = project.drive("tests", "--budget", "20", "--each", "10")
    assert done.steps == {
        "Acme\\Tests\\SlugTest->testMake()": ("completed", ""),
        "tests/SlugTest.php": ("completed", ""),
    }
    assert (project.root / "set-up").exists()
    assert (project.root / "asserted").exists()


PLUGIN = """<?php
namespace Acme;
class Plugin implements \\Composer\\Plugin\\PluginInterface {
  function activate(\\Composer\\Composer $composer, \\Composer\\IO\\IOInterface $io) { touch('activated'); }
  function deactivate(\\Composer\\Composer $composer, \\Composer\\IO\\IOInterface $io) {}
  function uninstall(\\Composer\\Composer $composer, \\Composer\\IO\\IOInterface $io) {}
}
"""


@pytest.mark.skipif(not WHOLE, reason="a run in the sandbox tries it too; make test-whole")
def test_a_plugin_is_run_by_the_installer(project: Project) -> None:
    more = {
        "type": "composer-plugin",
        "extra": {"class": "Acme\\Plugin"},
        "require": {"composer-plugin-api": "^2"},
    }
    project.pack({"src/Plugin.php": PLUGIN}, **more)
    if not Path("/usr/local/bin/composer").exists():
        pytest.skip("no second name for Composer on this machine")
    done = project.drive("install", "--budget", "60", str(project.archive))
    assert list(done.steps) == [
        "composer require",
        "composer reinstall acme/slugger",
        "composer install --no-interaction",
    ]
    assert (project.root / "activated").exists()


@pytest.mark.skipif(not WHOLE, reason="a run in the sandbox tries it too; make test-whole")
def test_without_what_it_needs_it_is_installed_all_the_same(project: Project) -> None:
    project.pack(require={"acme/nowhere": "^9"})
    done = project.drive("install", "--budget", "60", str(project.archive))
    assert done.phase == "completed"
    assert done.reason.startswith("without-dependencies: dependency-")


def test_what_is_not_installed_is_skipped(project: Project) -> None:
    for phase in ("start", "import", "scripts", "execute"):
        assert project.drive(phase, "--budget", "5").phase == "skipped"


@pytest.mark.parametrize("data", [b"PK\x03\x04 no zip"])
def test_what_is_no_archive_fails_with_a_reason(project: Project, data: bytes) -> None:
    project.archive.write_bytes(data)
    done = project.drive("install", "--budget", "60", str(project.archive))
    assert (done.phase, bool(done.reason)) == ("failed", True)
