"""The command line. The only part that reads settings of the environment, and that writes to the terminal."""


def main() -> None:
    """Run `biopsy`, and leave with its exit status."""
    from biopsy.cli.app import biopsy, heed_termination  # noqa: PLC0415 - importing a part costs that part

    heed_termination()
    biopsy()
