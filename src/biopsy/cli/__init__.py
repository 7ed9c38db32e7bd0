"""The command line. The only part that reads settings of the environment, and that writes to the terminal."""

import gc


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
