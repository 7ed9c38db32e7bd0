"""The home of tests/site_pages, shared by the tests of what is done with it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "site_pages"))
