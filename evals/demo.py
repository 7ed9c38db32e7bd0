"""`make demo`: a real package of PyPI, a real one of npm, and a malicious simulant, with their reports."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from biopsy.cli.home import default_home
from biopsy.warehouse import Warehouse
from evals import scenario
from evals.build import build

TARGETS = ("pkg:pypi/six@1.17.0", "pkg:npm/chalk@5.6.2")
SIMULANT = "N01"
BIOPSY = Path(sys.executable).parent / "biopsy"


def main() -> int:
    """Analyse the three; the reports go to the terminal and, for the simulant, to demo-report.html."""
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        simulant = next(one for one in scenario.scenarios() if one.id == SIMULANT)
        path = build(simulant, Path(folder))
        worst = 0
        for target in (*TARGETS, str(path)):
            print(f"\n$ biopsy analyze {Path(target).name if target == str(path) else target}", flush=True)
            command = [BIOPSY, "analyze", "--fail-on", "never", target]
            worst = max(worst, subprocess.run(command, check=False).returncode)
        page = Path("demo-report.html").absolute()
        (last,) = Warehouse(Path(os.environ.get("BIOPSY_HOME") or default_home())).recent(1)
        subprocess.run([BIOPSY, "show", last.run_id, "--output", page], check=True)
        print(f"\nThe simulant's report as a page: {page}")
    return worst


if __name__ == "__main__":
    sys.exit(main())
