"""Where this machine's own pip looks for packages, asked of pip itself."""

import ast
import base64
import importlib.util
import netrc
import os
import shutil
import subprocess
import sys
from functools import cache
from urllib.parse import unquote, urlsplit, urlunsplit

from biopsy.errors import RegistryError
from biopsy.model.regex import regex
from biopsy.model.release import Endpoint

PATHS = (r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?/?",)
"""Below an index, an install reads the page of a project, and nothing else."""

LINKS = r"""(?:href\s*=\s*["']|"url"\s*:\s*")([^"'#\s<>]+)"""
"""In a project's page, HTML or JSON, the address of a file."""

_DEFAULT = regex(r"\(default:?\s+(https?://[^\s)]+)\)")
_ASK_TIMEOUT = 30.0

ACCEPTS = r"application/vnd\.pypi\.simple\.v1\+(?:json|html)"
"""What pip asks an index for."""


@cache
def endpoint() -> Endpoint:
    """Give pip's index: PIP_INDEX_URL, then pip's configuration files, then what `pip --help` says."""
    return at(os.environ.get("PIP_INDEX_URL", "").split(" ")[0] or _asked())


def at(url: str) -> Endpoint:
    """Give the index at an address, with what authorizes there; RegistryError where it is none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RegistryError(f"pip's index is not an http(s) address: {parts.scheme}:…; set PIP_INDEX_URL")
    host = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
    clean = urlunsplit((parts.scheme, host, parts.path.rstrip("/") + "/", "", ""))
    return Endpoint("pypi", clean, _authorization(url), PATHS, LINKS, accepts=ACCEPTS)


def _asked() -> str:
    """Run pip twice at the same time: once for its configuration, once for its default."""
    pip = _pip()
    config = _start([*pip, "config", "list"])
    usage = _start([*pip, "download", "--help"])
    listed, described = _output(config), _output(usage)
    if found := _configured(listed):
        return found
    if match := _DEFAULT.search(described):
        return match[1]
    raise RegistryError("cannot learn from pip which index it uses; set PIP_INDEX_URL")


def _pip() -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    for name in ("pip", "pip3"):
        if found := shutil.which(name):
            return [found]
    raise RegistryError("no pip on this machine to ask for its index; install pip or set PIP_INDEX_URL")


def _start(command: list[str]) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "NO_COLOR": "1", "COLUMNS": "500"}
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        errors="replace",
        env=environment,
    )


def _output(process: "subprocess.Popen[str]") -> str:
    try:
        return process.communicate(timeout=_ASK_TIMEOUT)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0]


def _configured(listed: str) -> str:
    """Read `pip config list`; what is set for a command goes before `global`, the environment before both."""
    found: dict[str, str] = {}
    for line in listed.splitlines():
        key, equals, value = line.partition("=")
        section, dot, option = key.strip().rpartition(".")
        if not (equals and dot) or option != "index-url":
            continue
        try:
            text = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            text = value
        found[section] = str(text).strip()
    order = (":env:", "install", "download", "global")
    return next((found[section] for section in order if found.get(section)), "")


def _authorization(url: str) -> str:
    """Make the Basic header from the address itself, or from ~/.netrc."""
    parts = urlsplit(url)
    if parts.username is not None:
        user, password = unquote(parts.username), unquote(parts.password or "")
    else:
        try:
            entry = netrc.netrc(os.environ.get("NETRC")).authenticators(parts.hostname or "")
        except (OSError, netrc.NetrcParseError, UnicodeDecodeError, KeyError):
            return ""
        if entry is None:
            return ""
        user, password = entry[0] or "", entry[2] or ""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
