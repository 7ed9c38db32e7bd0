"""biopsy takes open-source packages apart, says what they do, and shows the evidence."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("biopsy")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
