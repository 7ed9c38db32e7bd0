"""What a path means: the image's, an installed package's, a tool's scratch space, somebody's
configuration.
"""

import posixpath
import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from biopsy.sandbox.raw import Raw, Subject
from biopsy.sandbox.toolchain import filled, machine, toolchain
from biopsy.sandbox.trace_text import host_path

FINGERPRINTS: Final = re.compile(
    r"/proc/(?:cpuinfo|version|version_signature|uptime|modules|scsi/scsi|mounts|partitions|ioports|devices|loadavg"
    r"|(?:1|self|\d+)/(?:cgroup|mountinfo|mounts|status|sched|environ)|sys/kernel/(?:osrelease|version|hostname)"
    r"|bus/pci/devices|xen(?:/.*)?|vz|bc|tty/drivers|acpi/.*)"
    r"|/sys/(?:class/dmi/.*|devices/virtual/dmi/.*|firmware/.*|hypervisor/.*|class/net/[^/]+/address"
    r"|devices/.*/net/[^/]+/address|class/thermal/.*|class/power_supply/.*|block/[^/]+/device/(?:model|vendor))"
    r"|/\.dockerenv|/\.dockerinit|/run/\.containerenv|/etc/machine-id|/var/lib/dbus/machine-id"
    r"|/run/systemd/container|/dev/(?:kvm|vboxguest|vboxuser|vmci)|/usr/bin/runsc|/proc/kallsyms|/dev/kmsg"
)
"""Files that are looked at to tell what kind of machine this is."""

RULING: Final = re.compile(
    r"/proc/sys/kernel/(?:core_pattern|modprobe|hotplug)|/proc/sysrq-trigger|/sys/kernel/uevent_helper"
    r"|/sys/fs/cgroup/(?:.*/)?release_agent|/proc/1/mem|/dev/(?:k?mem|port|(?:[sv]d[a-z]|nvme\d+n\d+)(?:p?\d+)?)"
    r"|/etc/(?:passwd|shadow|sudoers|sudoers\.d/.*|ld\.so\.preload|pam\.d/.*)"
)
"""Files that say who rules the machine, or that its kernel acts upon: trying to write one is telling."""

GOVERNING: Final = re.compile(
    r"unix:(?:/var)?(/run/(?:docker|podman/podman|user/\d+/(?:docker|podman/podman)|containerd/containerd|k3s/containerd/containerd"
    r"|crio/crio|cri-dockerd|buildkit/buildkitd)\.sock|/run/systemd/private)"
)
"""Sockets of what starts containers and services with the machine's rights."""

_STARTUP = (
    r".*/(?:site|dist)-packages/[^/]+\.(?:pth|egg-link)|.*/(?:site|user)customize(?:\.py|/__init__\.py)"
)
_AGENTS = r"\.(?:claude|cursor|codex|gemini|aider[^/]*|continue|codeium|windsurf|copilot|roo|cline|kiro)"
_EDITORS = (
    r"\.(?:vscode|vscode-server|idea|zed)|\.config/(?:Code|zed|autostart|systemd|fish|nvim|github-copilot)"
)
_FOLDERS = (
    r"\.github|\.circleci|\.husky|\.git/hooks|\.ssh|\.gnupg|\.aws|\.azure|\.kube|\.docker|\.pip|\.cargo"
    r"|\.config/(?:gcloud|gh|git|pip|solana)|\.local/bin|\.local/share/(?:applications|systemd|keyrings)"
    r"|Library/(?:LaunchAgents|LaunchDaemons|Keychains)|Start Menu/Programs/Startup"
    r"|(?:Application Support|Roaming)/(?:Code|Cursor)/User"
)
_FILES = (
    r"(?:CLAUDE|AGENTS|GEMINI|copilot-instructions)\.md|\.(?:cursor|windsurf)rules|\.mcp\.json|\.claude\.json"
    r"|\.gitlab-ci\.yml|\.travis\.yml|azure-pipelines\.yml|Jenkinsfile|\.git/config|\.gitconfig|\.git-credentials"
    r"|\.npmrc|\.yarnrc(?:\.yml)?|\.pypirc|\.netrc|pip\.conf|\.pydistutils\.cfg|\.vault-token|\.pgpass|\.gemrc|\.irbrc|\.pryrc"
    r"|\.(?:gem|local/share/gem)/credentials|\.bundle/config"
    r"|\.bash(?:rc|_profile|_login|_logout|_aliases)|\.z(?:shrc|shenv|profile|login)|\.profile|\.inputrc"
    r"|\.vimrc|\.emacs|\.xprofile|\.xsession|\.pam_environment|\.env(?:\.[\w.]+)?"
)
_CONFIG = re.compile(rf".*/(?:(?:{_AGENTS}|{_EDITORS}|{_FOLDERS})/.*|{_FILES})")
_SYSTEM_CONFIG = re.compile(r"/etc/(?!ld\.so\.cache$|mtab$).*|/var/spool/cron/.*")
_BYTECODE = re.compile(r".*/__pycache__/[^/]+\.pyc(?:\.\d+)?")
_SHIPPED = re.compile(
    r"/(?:usr|lib|lib64|bin|sbin|opt|boot)(?:/.*)?|/|/c/Windows(?:/.*)?|/System/Library(?:/.*)?"
    r"|/etc/(?:ld\.so\.(?:cache|conf.*)|ssl(?:/.*)?|localtime|mime\.types|alternatives/.*|nsswitch\.conf"
    r"|resolv\.conf|host\.conf|hosts|gai\.conf|python3[^/]*/.*|ca-certificates.*|services|protocols"
    r"|locale\.alias|terminfo/.*)"
    # by chance: where two threads of Node's meet at a lock, and where glibc gives memory back
    r"|/sys/devices/system/cpu/cpu0/tsc_freq_khz|/proc/sys/vm/overcommit_memory"
)
_SCRATCH = r"/(?:tmp|var/tmp)/cc[A-Za-z0-9]{6}\.[^/]*(?:/.*)?"  # of compilers; more in toolchains
_DEVICE = re.compile(
    r"/dev/(?:null|zero|full|u?random|tty|std(?:in|out|err)|ptmx|pts(?:/.*)?|fd(?:/.*)?|shm)"
)
_OWN_PROC = re.compile(
    r"/proc/(?:self|thread-self|\d+)/(?:fd|task|fdinfo|maps|stat|statm|oom_score_adj|comm|attr)(?:/.*)?"
)


class Place(Enum):
    """What a path means to whoever reads a report."""

    SHIPPED = "image"  # of the image: counted when read
    INSTALLED = "installed"  # of an installed package
    OWN = "own"  # of the package itself, installed
    SCRATCH = "scratch"  # of pip, npm and compilers
    DEVICE = "device"
    STARTUP = "startup"  # runs at every start of the interpreter
    # of a shell, agent, editor, CI, client, or of the system: what persists and what is secret
    CONFIG = "config"
    HOME = "home"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Places:
    """Knows the machine of one run. `own` are the installed files of the package itself, by folder or name,
    or find the beginning of their paths.
    """

    home: str
    project: str
    own: tuple[str, ...]
    canaries: dict[str, tuple[str, ...]]  # path -> names
    found: "Found"

    def of(self, path: str) -> Place:
        """Say what an absolute path means."""
        if path in self.canaries:
            return Place.CONFIG
        known = self.found
        if known.installed.search(path):
            if known.startup.fullmatch(path):
                return Place.STARTUP
            return Place.OWN if self._own(path) else Place.INSTALLED
        if _BYTECODE.fullmatch(path):
            return Place.SHIPPED
        if _SHIPPED.fullmatch(path) and not known.startup.fullmatch(path):
            return Place.SHIPPED
        if known.scratch.fullmatch(path) or path.startswith(f"{self.home}/.cache/"):
            return Place.SCRATCH
        if _DEVICE.fullmatch(path) or _OWN_PROC.fullmatch(path):
            return Place.DEVICE
        if known.startup.fullmatch(path):
            return Place.STARTUP
        if _CONFIG.fullmatch(path) or _SYSTEM_CONFIG.fullmatch(path):
            return Place.CONFIG
        return Place.HOME if path == self.home or path.startswith(f"{self.home}/") else Place.OTHER

    def package(self, path: str) -> str:
        """Name the installed package that a path belongs to: by the innermost place of installed packages."""
        names = [match[match.lastindex or 0] for match in self.found.installed.finditer(path)]
        return names[-1] if names else ""

    def _own(self, path: str) -> bool:
        own = self.found.own
        return path.startswith(self.own) or (own is not None and own.match(path) is not None)


@dataclass(frozen=True, slots=True)
class Found:
    """Where the tools of a machine put things, as its toolchains say, in expressions."""

    installed: re.Pattern[str]
    startup: re.Pattern[str]
    scratch: re.Pattern[str]
    own: re.Pattern[str] | None


def _found(raw: Raw, subject: Subject) -> Found:
    home, project = host_path(raw.home).rstrip("/"), host_path(raw.project).rstrip("/")
    here = machine(subject.ecosystem)

    def one_of(*patterns: str) -> re.Pattern[str]:
        values = {"home": home, "project": project, "name": subject.name, "version": subject.version}
        return re.compile("|".join(f"(?:{filled(pattern, **values)})" for pattern in patterns if pattern))

    own = toolchain(subject.ecosystem).own
    return Found(
        one_of(*(one.installed for one in here)),
        one_of(_STARTUP, *(one.startup for one in here)),
        one_of(_SCRATCH, *(one.scratch for one in here)),
        one_of(*own) if own else None,
    )


def places(raw: Raw, subject: Subject) -> Places:
    """Learn the machine of a run, and which installed files are the package's."""
    canaries: dict[str, tuple[str, ...]] = {}
    for one in raw.canaries:
        if one.path:
            path = host_path(posixpath.normpath(one.path))
            canaries[path] = (*canaries.get(path, ()), one.name)
    own = _recorded(raw, subject) if toolchain(subject.ecosystem).records else ()
    home, project = host_path(raw.home).rstrip("/"), host_path(raw.project).rstrip("/")
    return Places(home, project, own, canaries, _found(raw, subject))


def _recorded(raw: Raw, subject: Subject) -> tuple[str, ...]:
    """Read the top names of the package's own RECORD, among what was written, that no other package
    claims.
    """
    claims: dict[str, set[str]] = {}
    for one in (*raw.below, *raw.changes):
        folder, _, base = one.path.rpartition("/")
        site, _, info = folder.rpartition("/")
        if base != "RECORD" or not info.endswith(".dist-info"):
            continue
        name = _normal(info.split("-")[0])
        claims.setdefault(f"{site}/{info}/", set()).add(name)
        for line in one.head.decode(errors="replace").splitlines()[:5000]:
            top, slash, _ = line.split(",")[0].partition("/")
            if top and not top.startswith(".") and not top.endswith((".pth", ".dist-info")):
                claims.setdefault(f"{site}/{top}{slash}", set()).add(name)
    return tuple(sorted(path for path, names in claims.items() if names == {_normal(subject.name)}))


def startup(raw: Raw, subject: Subject) -> frozenset[str]:
    """Name the `.pth` files that the package's own RECORD lists."""
    found: set[str] = set()
    for one in (*raw.below, *raw.changes):
        folder, _, base = one.path.rpartition("/")
        site, _, info = folder.rpartition("/")
        if base == "RECORD" and _normal(info.split("-")[0]) == _normal(subject.name):
            lines = one.head.decode(errors="replace").splitlines()[:5000]
            names = (line.split(",")[0] for line in lines)
            found.update(f"{site}/{name}" for name in names if name.endswith(".pth"))
    return frozenset(found)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
