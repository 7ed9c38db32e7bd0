"""Becoming root, which a sandbox needs: through sudo where that asks for no password, or not at all."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from biopsy.errors import CannotSandbox

ASK_TIMEOUT = 10.0

KEPT = ("BIOPSY_", "PIP_", "NPM_", "npm_config_", "UV_", "XDG_", "LC_")
"""Beginnings of the variables that mean the same to the run as root as they did to the user."""

KEPT_WHOLE = frozenset(
    {
        *("HOME", "LANG", "TERM", "COLORTERM", "COLUMNS", "NO_COLOR", "FORCE_COLOR", "TMPDIR"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
        *("http_proxy", "https_proxy", "no_proxy", "all_proxy"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "NETRC"),
    }
)


def command(arguments: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """The command that starts this program again as root, with the variables it must keep by name only.

    HOME is kept so that pip's and npm's own configuration are still the user's; values stay off the command
    line, where other users could read a token.
    """
    kept = sorted(name for name in environ if name in KEPT_WHOLE or name.startswith(KEPT))
    preserve = f"--preserve-env={','.join(kept)}"
    return ["sudo", "-n", preserve, sys.executable, "-m", "biopsy.cli", *arguments]


def ensure_root(arguments: Sequence[str], home: Path) -> None:
    """Return as root, or start again as root, or raise CannotSandbox, saying what else can be done."""
    if not sys.platform.startswith("linux"):
        raise CannotSandbox("a sandbox needs Linux; --static-only reads the package and runs nothing")
    if os.geteuid() == 0:
        return
    environ = {**os.environ, "BIOPSY_HOME": str(home), "BIOPSY_VIA_SUDO": "1"}
    start = command(arguments, environ)
    if os.environ.get("BIOPSY_VIA_SUDO") or not _allowed(start):
        raise CannotSandbox(
            "a sandbox needs root: run this with sudo, or use --static-only, which runs nothing"
        )
    sys.stdout.flush()
    os.execvpe(start[0], start, environ)  # noqa: S606 - no shell is wanted


def _allowed(start: Sequence[str]) -> bool:
    """Whether sudo does this, with these variables, without asking for a password."""
    if shutil.which("sudo") is None:
        return False
    try:
        asked = subprocess.run(
            [*start[:3], "true"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ASK_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0
