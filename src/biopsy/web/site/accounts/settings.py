"""`site.toml` in BIOPSY_HOME: who signs in by OpenID Connect, and what each may do.

[oidc]
issuer = "https://login.example.org"
client_id = "biopsy"
client_secret_file = "/run/secrets/biopsy-oidc"      # or client_secret = "…", or none: a public client
name = "Example"                                     # on the button

[operators]
"ada@example.org" = ["approve", "withdraw", "dispute", "operate"]
"""

import tomllib
from pathlib import Path

import msgspec

from biopsy.errors import UsageError
from biopsy.reports.tokens import SCOPES

NAME = "site.toml"
MAX_BYTES = 256 * 1024


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An OpenID provider; `claim` names operators: `email`, which it must have verified, or `sub`."""

    issuer: str
    client_id: str
    client_secret: str = ""
    client_secret_file: str = ""
    name: str = "OpenID Connect"
    claim: str = "email"
    scope: str = "openid email profile"


class SiteSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `site.toml` says."""

    oidc: Provider | None = None
    operators: dict[str, list[str]] = {}

    def scopes(self, who: str) -> tuple[str, ...]:
        """What somebody may do; nothing where he is not named."""
        return tuple(self.operators.get(who, ()))


def read(home: Path) -> SiteSettings:
    """Read the file; no file is no provider. UsageError where it says what makes no sense."""
    path = home / NAME
    try:
        data = path.read_bytes()[:MAX_BYTES]
    except FileNotFoundError:
        return SiteSettings()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        found = msgspec.convert(tomllib.loads(data.decode("utf-8")), SiteSettings)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UsageError(f"{path}: {error}") from error
    for who, scopes in found.operators.items():
        if unknown := sorted(set(scopes) - set(SCOPES)):
            raise UsageError(f"{path}: {who} cannot {', '.join(unknown)}: one of {', '.join(SCOPES)}")
    if found.oidc:
        found = msgspec.structs.replace(found, oidc=_checked(path, found.oidc))
    return found


def _checked(path: Path, one: Provider) -> Provider:
    local = one.issuer.startswith(("http://127.0.0.1", "http://localhost", "http://[::1]"))
    if not one.issuer.startswith("https://") and not local:
        raise UsageError(f"{path}: issuer: an https:// address, not {one.issuer[:100]!r}")
    if one.claim not in {"email", "sub"}:
        raise UsageError(f"{path}: claim: email or sub, not {one.claim[:40]!r}")
    if not one.client_secret_file:
        return one
    try:
        secret = Path(one.client_secret_file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: client_secret_file cannot be read: {error}") from error
    return msgspec.structs.replace(one, client_secret=secret)
