"""What both sides of the guard share: the policy as it is now, rulings, words for them, the log."""

import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from biopsy.errors import BiopsyError
from biopsy.formats.views.visible import visible
from biopsy.guard import policy as policies
from biopsy.guard.policy import Policy
from biopsy.guard.ruling import Action, Known, Offered, Ruling, rule
from biopsy.web.guard.asked import Asked, RefusedError
from biopsy.web.guard.decisions import Decision, Decisions, Kept
from biopsy.web.guard.known import TYPES, Knowledge

MAX_MADE = 128 * 1024**2
"""Bytes of listings that are kept ready to be sent."""

MAX_SAID = 200
"""Versions that one line of the log names."""

LOG = logging.getLogger("biopsy.guard")


@dataclass(frozen=True, slots=True)
class Made:
    """A listing, ready to be sent. `source` is what it was made of, `until` when time alone changes it."""

    body: bytes
    tag: str
    source: object
    basis: tuple[object, ...]
    until: float
    decision: Decision
    empty: str = ""  # why there is nothing left in it


@dataclass(slots=True)
class Gate:
    """The policy of a file, or the default, and what is known; `address` is where people reach the guard."""

    knowledge: Knowledge
    decisions: Decisions
    file: Path | None = None
    policy: Policy = field(default_factory=lambda: Policy(policies.Written(), TYPES))
    _stamp: tuple[float, int] = (0.0, 0)
    _made: "OrderedDict[tuple[str, ...], Made]" = field(default_factory=OrderedDict)
    _size: int = 0

    def __post_init__(self) -> None:
        """Read the policy; raises PolicyError, naming the file."""
        if self.file is not None:
            self.policy, self._stamp = load(self.file), _stamp(self.file)

    def reserved(self, ecosystem: str, name: str) -> str | None:
        """The registry that a reserved name comes from, None for others; RefusedError where from none."""
        where = self.policy.reserved(ecosystem, name)
        if where == "":
            raise RefusedError(
                403, f"{name} is blocked by biopsy guard: the name is reserved for internal use"
            )
        return where

    def look(self) -> None:
        """Take up a policy that was changed. One that cannot be read is told of, and the old one holds."""
        if self.file is None or (stamp := _stamp(self.file)) == self._stamp:
            return
        self._stamp = stamp
        try:
            self.policy = load(self.file)
            LOG.warning("the policy was read anew: %s", self.file)
        except BiopsyError as error:
            LOG.warning("the policy that held still holds: %s", error)

    def rule(self, offered: Offered, known: Known) -> Ruling:
        """What becomes of one release or file."""
        return rule(self.policy, offered, known, self.knowledge.state(self.policy))

    def reserves(self, name: str) -> bool:
        """Whether a name of npm is one that a public registry is never asked for."""
        return self.policy.reserved("npm", name) is not None

    def basis(self) -> tuple[object, ...]:
        """What rulings rest on beside time."""
        stale = bool(self.knowledge.state(self.policy).stale)
        return (id(self.policy), self.knowledge.change(), stale)

    def made(self, key: tuple[str, ...], source: object) -> Made | None:
        """A listing that was made already and still holds."""
        held = self._made.get(key)
        if held is None or held.source is not source or held.until <= self.knowledge.clock():
            return None
        if held.basis != self.basis():
            return None
        self._made.move_to_end(key)
        return held

    def keep(self, key: tuple[str, ...], made: Made) -> Made:
        """Keep a listing ready."""
        if old := self._made.pop(key, None):
            self._size -= len(old.body)
        self._made[key] = made
        self._size += len(made.body)
        while self._size > MAX_MADE and len(self._made) > 1:
            self._size -= len(self._made.popitem(last=False)[1].body)
        return made

    def log_listing(self, asked: Asked, decision: Decision) -> None:
        """Log that a listing was shown."""
        at = _now()
        who = {"client": asked.client.name or asked.agent[:60], "address": asked.address}
        held = {name: getattr(decision, name) for name in Decision.__struct_fields__}
        self.decisions.add(Decision(**{**held, **who, "at": at}))

    def log_file(self, asked: Asked, offered: Offered, file: str, ruling: Ruling) -> None:
        """Log what became of a file."""
        self.decisions.add(
            Decision(
                _now(), "file", offered.ecosystem, offered.name, ruling.action.value, offered.version, file,
                ruling.rule, ruling.reason, ruling.report, asked.client.name or asked.agent[:60],
                asked.address,
            )
        )  # fmt: skip


def listing(ecosystem: str, name: str, rulings: Mapping[str, Ruling]) -> Decision:
    """The line of the log on a listing: by version what was refused and warned of."""
    refused = [Kept(v, r.rule, r.reason) for v, r in rulings.items() if r.blocks]
    warned = [Kept(v, r.rule, r.reason) for v, r in rulings.items() if r.action is Action.WARN]
    action = Action.BLOCK if refused else Action.WARN if warned else Action.ALLOW
    return Decision(
        "", "listing", ecosystem, name, action.value,
        allowed=len(rulings) - len(refused) - len(warned),
        refused=tuple(refused[-MAX_SAID:]), warned=tuple(warned[-MAX_SAID:]),
    )  # fmt: skip


def told(ruling: Ruling, offered: Offered, base: str) -> str:
    """A ruling as a client shows it: why, and where to read more."""
    what = "blocked" if ruling.blocks else "warned of"
    more = (
        ruling.link
        or f"{base}/why/{offered.ecosystem}/{quote(offered.name, safe='@/')}/{quote(offered.version)}"
    )
    said = f"{offered.name} {offered.version} is {what} by biopsy guard: {ruling.reason} (see {more} )"
    return visible(said)  # clients print it to a terminal as it is


def load(path: Path) -> Policy:
    """The policy of a file; raises PolicyError, naming it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise policies.PolicyError(f"{path}: {error.strerror or error}") from error
    try:
        return policies.read(data, TYPES)
    except BiopsyError as error:
        raise policies.PolicyError(f"{path}: {error}") from error


def moment(text: object) -> float | None:
    """A time as registries write it, in seconds since 1970."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if at is None:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _stamp(path: Path) -> tuple[float, int]:
    try:
        held = path.stat()
    except OSError:
        return (0.0, -1)
    return (held.st_mtime, held.st_size)
