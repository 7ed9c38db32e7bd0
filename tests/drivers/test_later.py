"""What is found that would start by itself: every place of it, and only what is new there."""

import importlib.util
import plistlib
from pathlib import Path
from types import ModuleType

import pytest

import biopsy.sandbox

DRIVER = Path(biopsy.sandbox.__file__).parent / "drivers" / "later.py"


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("later", DRIVER)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return module


def put(path: str, text: str, mode: int = 0o644) -> None:
    file = Path(path).expanduser()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)


def found(later: ModuleType, since: float = 0.0) -> set[str]:
    every = (later.units, later.starts, later.hooks)
    home = str(Path("~").expanduser())
    return {command for find in every for path, command in find(since) if path.startswith((home, "."))}


def test_services_and_whatever_a_timer_starts(later: ModuleType) -> None:
    put(
        "~/.config/systemd/user/a.service",
        "[Service]\nExecStartPre=-/bin/true\nExecStart=%h/bin/a \\\n  --now 5%%\n",
    )
    put("~/.config/systemd/user/b.timer", "[Timer]\nOnCalendar=daily\nUnit=a.service\n")
    assert found(later) == {"/bin/true", f"{Path.home()}/bin/a    --now 5%"}


def test_autostarts_agents_and_shells(later: ModuleType) -> None:
    put("~/.config/autostart/x.desktop", "[Desktop Entry]\nExec=sh -c 'run it' %U\n")
    put("~/.bashrc", "true\n")
    job = plistlib.dumps({"Label": "x", "ProgramArguments": ["/bin/sh", "-c", "a b"]}).decode()
    put("~/Library/LaunchAgents/x.plist", job)
    put("~/Library/LaunchAgents/broken.plist", "no")
    assert found(later) == {"sh -c 'run it' ", "bash -ic exit", "/bin/sh -c 'a b'"}


def test_hooks_of_git_editors_and_agents(later: ModuleType) -> None:
    put(".git/hooks/pre-commit", "#!/bin/sh\n", 0o755)
    put(".git/hooks/post-merge.sample", "#!/bin/sh\n", 0o755)
    put(".git/hooks/readme", "text")
    tasks = '{\n// on opening\n"tasks": [{"command": "node", "args": ["x.js"], "runOptions": {"runOn": "folderOpen"}},'
    put(".vscode/tasks.json", tasks + ' {"command": "make"}]}')
    put(
        "~/.claude/settings.json",
        '{"hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": "x"}]}]}}',
    )
    put(".claude/settings.local.json", "[1, 2")
    assert found(later) == {str(Path(".git/hooks/pre-commit").absolute()), "node x.js", "x"}


def test_what_was_there_before_is_left_alone(later: ModuleType) -> None:
    put("~/.bashrc", "true\n")
    put("~/.config/systemd/user/a.service", "[Service]\nExecStart=/bin/true\n")
    assert found(later, (Path.home() / ".bashrc").stat().st_ctime + 100) == set()


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("*/5 * * * * /bin/x --a b", "/bin/x --a b"),
        ("@reboot sleep 60; x", "sleep 60; x"),
        ("0 3 * * mon-fri x % input", "x % input"),
        ("MAILTO=root", None),
        ("* * * *", None),
    ],
)
def test_lines_of_a_table(later: ModuleType, line: str, command: str | None) -> None:
    match = later.TABLE.fullmatch(line)
    assert (match[1] if match else None) == command


def test_a_command_that_does_not_end_is_ended(later: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "EACH", 0.2)
    assert later.run("sleep 60") == ("timeout", "no end")
    assert later.run("exit 3") == ("failed", "exit-3")
    assert later.run("true") == ("completed", "")
