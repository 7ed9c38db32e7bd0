"""What changed in the behaviour of a package from one version to the next, as far as the index knows."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from biopsy.web.site.index.answers import Seen

MAX_SHOWN = 12  # things of one sort that are new or gone

_TELLING = ("net.", "process.", "file.write", "file.delete", "code.eval", "code.remote", "code.obfuscated",
            "code.flow", "canary.", "env.read", "pkg.hook", "evasion.", "code.native")  # fmt: skip


class Version(Struct, frozen=True):
    """A version with its newest analysis, and what is new or gone since the one analysed `before` it.

    `kinds` are kinds of behaviour. Nothing is said of what was only read beside one that was run.
    """

    seen: Seen
    before: str = ""
    run_before: str = ""
    new_rules: tuple[str, ...] = ()
    gone_rules: tuple[str, ...] = ()
    new_hosts: tuple[str, ...] = ()
    gone_hosts: tuple[str, ...] = ()
    new_kinds: tuple[str, ...] = ()
    gone_kinds: tuple[str, ...] = ()


def timeline(rows: Sequence[Seen]) -> Iterator[Version]:
    """Versions in the order of `rows`, which is the newest first; each beside the next of its form."""
    for at, seen in enumerate(rows):
        before = next(
            (one for one in rows[at + 1 :] if one.version != seen.version and alike(one, seen)), None
        )
        if before is None:
            yield Version(seen)
            continue
        kinds, past = ({kind for kind in one.kinds if kind.startswith(_TELLING)} for one in (seen, before))
        yield Version(
            seen, before.version, before.run_id,
            _only(seen.rules, before.rules), _only(before.rules, seen.rules),
            _only(seen.hosts, before.hosts), _only(before.hosts, seen.hosts),
            _only(sorted(kinds), past), _only(sorted(past), kinds),
        )  # fmt: skip


def alike(one: Seen, other: Seen) -> bool:
    """Whether two analyses were made in the same way, of the same sort of artifact."""
    return (one.artifact, one.static_only) == (other.artifact, other.static_only)


def _only(mine: Sequence[str], others: Sequence[str] | set[str]) -> tuple[str, ...]:
    return tuple(one for one in mine if one not in others)[:MAX_SHOWN]
