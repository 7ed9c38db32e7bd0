"""A command that is done is gone at once: with its status, all that it said, and what was to be done at exit."""

import subprocess
import sys

import pytest

_RUN = "import sys; sys.argv[1:] = sys.argv[2:]\nfrom biopsy.cli import run\n"


def _run(code: str, *args: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", code, "-", *args]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(("args", "status"), [(["version"], 0), (["rules", "show", "no/such-rule"], 2)])
def test_the_status_is_that_of_the_command(args: list[str], status: int) -> None:
    done = _run(f"{_RUN}run()", *args)
    assert done.returncode == status
    assert done.stdout if status == 0 else done.stderr


def test_nothing_is_taken_apart_but_what_was_to_be_done_at_exit_is_done() -> None:
    code = (
        f"{_RUN}import atexit, threading\n"
        "class Held:\n    def __del__(self): print('taken apart')\n"
        "held = Held()\n"
        "threading.Thread(target=lambda: (threading.main_thread().join(), print('thread done'))).start()\n"
        "atexit.register(print, 'first registered')\n"
        "run()"
    )
    done = _run(code, "version")
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:] == ["thread done", "first registered"]


def test_what_cannot_be_said_any_more_is_told_by_the_interpreter() -> None:
    command = f"exec 3>&1; {{ '{sys.executable}' -c \"$0\" - --help; echo $? >&3; }} | true"
    done = subprocess.run(
        ["bash", "-c", command, f"{_RUN}run()"], capture_output=True, text=True, check=False, timeout=60
    )
    assert "Traceback" not in done.stderr
