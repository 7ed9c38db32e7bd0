"""Packages as people have them at hand: the page of a public registry, or the command that installs them."""

import re
from typing import NamedTuple
from urllib.parse import unquote

MAX_WORDS = 40
"""Words of a command that are looked at."""

_N, _V = r"(?P<name>[^/?#@\s]+)", r"(?P<version>[^/?#\s]+)"
_TWO = r"(?P<name>[^/?#\s]+/[^/?#@\s]+)"
_PAGES = tuple(
    (ecosystem, re.compile(rf"(?i)(?:https?://)?(?:www\.)?{pattern}/?(?:[?#]\S*)?"))
    for ecosystem, pattern in (
        ("npm", rf"npmjs\.com/package/(?P<name>(?:@[^/?#\s]+/)?[^/?#@\s]+)(?:/v/{_V})?"),
        ("pypi", rf"pypi\.org/project/{_N}(?:/{_V})?"),
        ("cargo", rf"crates\.io/crates/{_N}(?:/{_V})?"),
        ("gem", rf"rubygems\.org/gems/{_N}(?:/versions/{_V})?"),
        ("nuget", rf"nuget\.org/packages/{_N}(?:/{_V})?"),
        ("composer", rf"packagist\.org/packages/{_TWO}"),
        ("golang", r"pkg\.go\.dev/(?P<name>[^?#@\s]+?)(?:@(?P<version>[^/?#\s]+))?"),
        ("maven", rf"central\.sonatype\.com/artifact/{_TWO}(?:/{_V})?(?:/[a-z]+)?"),
        ("vscode-extension", r"marketplace\.visualstudio\.com/items\?itemName=(?P<name>[\w.-]+)(?:&\S*)?"),
        ("github", rf"github\.com/marketplace/actions/{_N}"),
    )
)
_COMMANDS = tuple(
    (ecosystem, re.compile(rf"(?:\$ |sudo )?(?:{pattern})\s(?P<rest>.*)"))
    for ecosystem, pattern in (
        ("pypi", r"(?:python3? -m )?pip3? install|pipx (?:install|run)|uv (?:pip install|add|tool install)"),
        ("pypi", r"uvx|(?:poetry|pdm) add|pipenv install"),
        ("npm", r"(?:npm|pnpm|bun) (?:install|i|add|exec|dlx)|npx|bunx|yarn (?:add|dlx)"),
        ("gem", r"gem install|bundle add"),
        ("cargo", r"cargo (?:add|install)"),
        ("composer", r"composer (?:global )?require"),
        ("golang", r"go (?:get|install)"),
        ("nuget", r"dotnet add package|nuget install|Install-Package"),
        ("vscode-extension", r"code --install-extension"),
    )
)


class Spoken(NamedTuple):
    """A package that was named so; `name` may have its version after an `@` or `==` still."""

    ecosystem: str
    name: str
    version: str = ""


def spoken(text: str) -> Spoken | None:
    """The package of an address or a command; None where it is neither, or names no package."""
    for ecosystem, pattern in _PAGES:
        if found := pattern.fullmatch(text):
            version = found.groupdict().get("version") or ""
            return Spoken(ecosystem, unquote(found["name"]), unquote(version))
    for ecosystem, pattern in _COMMANDS:
        if found := pattern.fullmatch(text):
            words = (word for word in found["rest"].split(maxsplit=MAX_WORDS) if not word.startswith("-"))
            name = next(words, "").strip("'\"")
            return Spoken(ecosystem, name) if name else None
    return None
