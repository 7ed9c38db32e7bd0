"""What tells clients to ask the guard, by their environment alone: for one command, or for a shell.

Credentials that a client has for its own registry stay with it: they belong to that registry's address, and
the guard's is another. The guard asks the registry with those that it finds where the client would.
"""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

GONE = (
    "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "UV_EXTRA_INDEX_URL", "UV_INDEX",
    "UV_FIND_LINKS", "UV_NO_INDEX", "UV_INDEX_URL", "PDM_PYPI_USERNAME", "PDM_PYPI_PASSWORD",
)  # fmt: skip
"""Other places that packages could come from."""


def environment(url: str, own: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command whose packages come through the guard at `url`.

    What pip's files say is not for this command: they may name indexes that no guard stands before.
    """
    kept = {
        name: value
        for name, value in own.items()
        if name not in GONE and not name.lower().startswith("npm_config_@")
    }
    for name in [name for name in kept if name.lower() in {"npm_config_registry", "pnpm_config_registry"}]:
        del kept[name]
    index, registry = f"{url}/pypi/simple/", f"{url}/npm/"
    host = urlsplit(url).hostname or ""
    return {
        **kept,
        "PIP_INDEX_URL": index,
        "PIP_CONFIG_FILE": os.devnull,  # which pip knows: it reads no file at all, the machine's neither
        "PIP_RETRIES": "30",
        "UV_DEFAULT_INDEX": index,
        "UV_NO_CONFIG": "1",
        "UV_HTTP_RETRIES": "12",
        "UV_HTTP_TIMEOUT": "120",
        "PDM_PYPI_URL": index,
        "npm_config_registry": registry,
        "pnpm_config_registry": registry,  # from its eleventh version on pnpm heeds no variables of npm's
        "npm_config_replace_registry_host": "always",
        "npm_config_fetch_retries": "12",
        "YARN_REGISTRY": registry,
        "YARN_NPM_REGISTRY_SERVER": registry,
        "YARN_NPM_AUDIT_REGISTRY": registry,
        "YARN_UNSAFE_HTTP_WHITELIST": host,
        "BUN_CONFIG_REGISTRY": registry,
        "NO_PROXY": _with(kept.get("NO_PROXY", kept.get("no_proxy", "")), host),
        "no_proxy": _with(kept.get("no_proxy", kept.get("NO_PROXY", "")), host),
        "BIOPSY_GUARD": url,
    }


def standing(proxy: str, bundle: str, own: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command between which and its registries the guard stands.

    `bundle` is a file of the authorities that it is to believe.
    """
    names = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
    kept = {name: value for name, value in own.items() if name.lower() != "no_proxy"}
    believed = (
        "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "PDM_PYPI_CA_CERTS",
        "NODE_EXTRA_CA_CERTS",
    )  # fmt: skip
    return {
        **kept,
        **dict.fromkeys(names, proxy),
        **dict.fromkeys(believed, bundle),
        "UV_HTTP_RETRIES": "12",
        "UV_HTTP_TIMEOUT": "120",
        "NO_PROXY": "",
        "BIOPSY_GUARD": proxy,
    }


def _with(listed: str, host: str) -> str:
    return listed if host in listed.split(",") else f"{listed},{host}".lstrip(",")
