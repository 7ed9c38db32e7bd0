"""The command line. The only part that reads settings of the environment, and that writes to the terminal."""

import atexit
import contextlib
import gc
import os
import sys
import threading
from typing import NoReturn


def run() -> NoReturn:
    """Run `biopsy` as all that a process is for: when everything is done and said, it is gone at once.

    Taking the interpreter apart, object by object, takes a fifth of the time of reading a small package. What
    is to be done at exit is done, and threads are waited for.
    """
    status = _status()
    with contextlib.suppress(Exception):  # of functions without a public name; and of a pipe that broke
        getattr(threading, "_shutdown")()  # noqa: B009
        getattr(atexit, "_run_exitfuncs")()  # noqa: B009
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status & 0xFF)
    sys.exit(status)  # the interpreter's own way, which says what is wrong


def _status() -> int:
    """Run it; give its status, and let go of all that it held."""
    try:
        main()
    except SystemExit as left:
        if left.code is not None and not isinstance(left.code, int):
            raise
        return left.code or 0
    return 0


def main() -> None:
    """Run `biopsy`, and leave with its exit status."""
    # What is made at the start stays to the end: looking through it for garbage takes a third of the start.
    gc.disable()
    gc.set_threshold(50_000, 20, 50)
    from biopsy.cli.app import biopsy, heed_termination  # noqa: PLC0415 - importing a part costs that part

    gc.freeze()
    gc.enable()
    heed_termination()
    biopsy()
