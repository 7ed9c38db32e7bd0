"""The process that keeps the index current: `python -m biopsy.web.site.index HOME DATABASE`."""

import sys
from pathlib import Path

from biopsy.web.site.index.process import follow

follow(Path(sys.argv[1]), Path(sys.argv[2]))
