"""Files sorted into classes: which file exactly is read matters for credentials, and for little else."""

from biopsy.detect.compare_value import CALLED, path, rank
from biopsy.model.behaviour import Behaviour, InTrace, Kind
from biopsy.model.comparison import Facet
from biopsy.model.regex import regex

_SECRETS = regex(
    r"(?:^|/)\.(?:npmrc|yarnrc(?:\.yml)?|pypirc|netrc|git-credentials|pgpass|my\.cnf|vault-token|env(?:\.\w+)?)$"
    r"|(?:^|/)\.(?:ssh|aws|azure|kube|gnupg|docker/config\.json|config/(?:gcloud|gh|hub|op|doctl))(?:/|$)"
    r"|(?:^|/)\.(?:bash|zsh|python|node_repl|psql|mysql)_history$"
    r"|wallet|keystore|keychain|[Ll]ogin [Dd]ata|(?:^|/)[Cc]ookies(?:\.sqlite)?$|logins\.json$|key[34]\.db$"
    r"|^/etc/(?:shadow|sudoers)|/var/run/secrets/|^/proc/(?!self)[^/]+/(?:environ|mem)$"
)
_LASTING = regex(
    r"(?:^|/)\.(?:bashrc|bash_profile|bash_login|profile|zshrc|zshenv|zprofile|xinitrc|xprofile|gitconfig)$"
    r"|^/etc/(?:cron|profile|init|systemd|rc\.|ld\.so|sudoers|passwd|hosts)|/cron(?:tabs?)?/|/LaunchAgents/"
    r"|/\.?config/(?:autostart|systemd|fish)/|/\.git/hooks/|(?:^|/)\.github/workflows/"
    r"|(?:^|/)\.(?:vscode|cursor|claude|gemini|codex|continue|windsurf|idea)/|(?:^|/)(?:CLAUDE|AGENTS)\.md$"
    r"|authorized_keys|\.pth$|(?:site|user)customize\.py$"
    r"|(?:^|/)\.(?:npmrc|pypirc)$|pip\.conf$"
)
_SYSTEM = regex(r"^/(?:proc|sys|usr|lib|lib64|opt|dev|bin|sbin)(?:/|$)")
_SETTINGS = regex(r"^/etc/(?!passwd|group|shadow|sudoers|machine-id|hostname|ssh|cron)")
"""Settings of the machine that libraries read on their own account: resolver, certificates, time zone."""
_TEMPORARY = regex(r"^/(?:tmp|var/tmp|dev/shm)(?:/|$)")
_SAMPLES = regex(r"^~/samples(?:/|$)")
"""What the drivers hand to functions that want a path."""


def sort_file(behaviour: Behaviour) -> tuple[Facet, str]:
    """The class of a difference, and of which files it is about; no words where it is about nothing."""
    value, reads = path(behaviour.value), behaviour.kind is Kind.FILE_READ
    if reads and _SECRETS.search(value):
        return Facet.SECRET, value
    if not reads and _LASTING.search(value):
        return Facet.PERSISTENCE, value
    if rank(behaviour) >= CALLED and (isinstance(behaviour.where, InTrace) or rank(behaviour) > CALLED):
        return Facet.FILES, ""  # tests; and functions that were handed paths and names that we made up
    return Facet.FILES, _place(value, reads=reads, ran=isinstance(behaviour.where, InTrace))


def _place(value: str, *, reads: bool, ran: bool) -> str:
    if "/node_modules/" in value or "/site-packages/" in value:
        return "installed packages"
    if _TEMPORARY.match(value):
        return "" if reads else "temporary files"
    if reads and _SETTINGS.match(value):
        return ""
    if _SYSTEM.match(value):
        return "" if reads or value.startswith("/dev/") else f"the system: {value}"
    if _SAMPLES.match(value):
        return ""
    if value.startswith("~/project") or value == "~/project":
        return "the project that it is used in"
    if value.startswith("~/"):
        return f"~/{value[2:].partition('/')[0]}"
    if value.startswith("/"):
        return value
    if ran:
        return ""
    return "a path that it computes" if value.startswith("?") else "a path beside it"
