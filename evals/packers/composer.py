"""PHP packages as Debian ships them, below /usr/share/php, each with the composer.json that it leaves out."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

from evals.builders.packing import zipped

_TABLE = """
brick-math                      brick/math                      Brick/Math
composer-pcre                   composer/pcre                   Composer/Pcre
composer-semver                 composer/semver                 Composer/Semver
dflydev-dot-access-data         dflydev/dot-access-data         Dflydev/DotAccessData
doctrine-inflector              doctrine/inflector              Doctrine/Inflector
doctrine-lexer                  doctrine/lexer                  Doctrine/Common/Lexer
getallheaders                   ralouphie/getallheaders         getallheaders
guzzlehttp-guzzle               guzzlehttp/guzzle               GuzzleHttp                    guzzlehttp/psr7 guzzlehttp/promises
guzzlehttp-promises             guzzlehttp/promises             GuzzleHttp/Promise
guzzlehttp-psr7                 guzzlehttp/psr7                 GuzzleHttp/Psr7               psr/http-message ralouphie/getallheaders
masterminds-html5               masterminds/html5               Masterminds
monolog                         monolog/monolog                 Monolog                       psr/log
nikic-fast-route                nikic/fast-route                FastRoute
parsedown                       erusev/parsedown                Parsedown
pimple                          pimple/pimple                   Pimple                        psr/container
psr-container                   psr/container                   Psr/Container
psr-http-message                psr/http-message                Psr/Http/Message
psr-log                         psr/log                         Psr/Log
ramsey-uuid                     ramsey/uuid                     Ramsey/Uuid                   brick/math
symfony-console                 symfony/console                 Symfony/Component/Console     symfony/string symfony/service-contracts
symfony-deprecation-contracts   symfony/deprecation-contracts   Symfony/Contracts/Deprecation
symfony-filesystem              symfony/filesystem              Symfony/Component/Filesystem
symfony-finder                  symfony/finder                  Symfony/Component/Finder      symfony/deprecation-contracts
symfony-process                 symfony/process                 Symfony/Component/Process
symfony-service-contracts       symfony/service-contracts       Symfony/Contracts/Service     psr/container
symfony-string                  symfony/string                  Symfony/Component/String
symfony-yaml                    symfony/yaml                    Symfony/Component/Yaml        symfony/deprecation-contracts
twig                            twig/twig                       Twig
"""  # noqa: E501
"""Debian's name without `php-`, the package's own, its folder, what it needs of the others."""

_ROWS = [line.split() for line in _TABLE.strip().splitlines()]
PACKAGES = tuple(f"php-{row[0]}" for row in _ROWS)
_FILES = re.compile(r"^(?:require|include)(?:_once)?\s*\(?__DIR__\s*\.\s*'/([\w/.-]+\.php)'", re.MULTILINE)
_VERSION = re.compile(r"\((?:\d+:)?([\d.]+)")


def pack(root: Path) -> Iterator[tuple[str, str, str, bytes]]:
    """Pack each as a code host does the tag, everything below one folder."""
    folders = {row[2] for row in _ROWS}
    for debian, name, below, *needs in _ROWS:
        folder = root / "usr/share/php" / below
        others = [
            folder / other.removeprefix(f"{below}/") for other in folders if other.startswith(f"{below}/")
        ]
        version = _version(root / "usr/share/doc" / f"php-{debian}")
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.is_symlink() and path.name != "autoload.php"
            and not any(path.is_relative_to(other) for other in others)
        }  # fmt: skip
        files["composer.json"] = json.dumps(_manifest(name, below, needs, folder, files), indent=4).encode()
        stem = name.replace("/", "-")
        yield name, version, f"{stem}-{version}.zip", zipped(files, {}, f"{stem}-0a1b2c3")


def _manifest(
    name: str, below: str, needs: list[str], folder: Path, files: dict[str, bytes]
) -> dict[str, object]:
    listing = folder / "autoload.php"
    always = _FILES.findall(listing.read_text("utf-8")) if listing.is_file() else []
    always = [path for path in always if path in files] or ([*files] if len(files) == 1 else [])
    space = below.replace("/", "\\") + "\\"
    named = any(f"namespace {space[:-1]}".encode() in data for data in files.values())
    autoload = {"psr-4": {space: ""}} if named else {"classmap": [""]}
    return {
        "name": name,
        "description": f"{name} as Debian ships it",
        "license": "MIT",
        "require": {"php": ">=7.2", **dict.fromkeys(needs, "*")},
        "autoload": {**autoload, **({"files": always} if always else {})},
    }


def _version(folder: Path) -> str:
    first = min(folder.glob("changelog.Debian*"))
    match = _VERSION.search(gzip.decompress(first.read_bytes()).decode().splitlines()[0])
    return match[1].strip(".") if match else "1.0.0"


def configure(url: str, folder: Path) -> dict[str, str]:
    """Write a COMPOSER_HOME in which the registry stands for Packagist."""
    repositories = {"repositories": [{"type": "composer", "url": url}]}
    (folder / "config.json").write_text(json.dumps(repositories), "utf-8")
    return {"COMPOSER_HOME": str(folder)}
