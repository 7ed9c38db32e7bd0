"""From a verdict to a report: what the policy of its ecosystem says becomes of it in the report database."""

import sqlite3
from pathlib import Path

from msgspec import Struct
from packageurl import PackageURL

from biopsy.errors import UsageError
from biopsy.model.dossier import Analysis, Call
from biopsy.pipeline.follow.policy import Do, Policies
from biopsy.reports import damage, draft, ledger, naming, validate
from biopsy.reports.claim import COUNTED, REJECTED, Package
from biopsy.reports.database import Database, DatabaseError
from biopsy.reports.policy import Policy
from biopsy.reports.record import encode

ACTOR = "policy"
"""Who published, in the log of the report database, where no person did."""

POPULAR = "a name in wide use: a person looks first, whatever the policy says"
UNVERIFIED = "no registry vouches for this file: a person looks first, whatever the policy says"
ACCUSED = "only what is malicious is reported"
NAMELESS = "no version says what was analysed"


class Filed(Struct, frozen=True):
    """What became of a verdict. `because` says why, in words of the policy or ours.

    `id` is the report's where it is published. `known` is whether it was all said before, `fault` why the
    report database did not take the draft: that is ours to mend, and the verdict stands without a report.
    """

    do: Do = Do.NOTHING
    because: str = ""
    key: str = ""
    id: str = ""
    known: bool = False
    fault: str = ""

    def __str__(self) -> str:
        """In a few words; nothing where nothing was done."""
        if self.fault:
            return f"no draft: {self.fault}"
        if self.known:
            return "drafted before"
        match self.do:
            case Do.PUBLISH:
                return f"published {self.id}".rstrip()
            case Do.WAIT:
                return f"waits: {self.because}"
            case Do.DRAFT:
                return "drafted"
            case _:
                return ""


def wanted(analysis: Analysis, policies: Policies, *, first: bool | None = None) -> Filed:
    """Say what is to become of a verdict; nothing is written. `first`: it is its package's first release.

    What is in wide use, and a file that no registry vouches for, is never published without a person,
    whatever a policy says. Raises RuleError for a policy that is wrong from the start.
    """
    release, artifact = analysis.dossier.release, analysis.dossier.artifact
    it = policies.subject(release, artifact.filename, first=first)
    convicted = any(f.convicts and f.rule in analysis.verdict.because for f in analysis.findings)
    call = analysis.verdict.call
    line = policies.of(release.ecosystem).reporting(it, call.value, convicted=convicted)
    if line is None or line.do is Do.NOTHING:
        return Filed(because=line.because if line else "")
    if call is not Call.MALICIOUS:
        return Filed(because=ACCUSED)
    if not release.version:
        return Filed(because=NAMELESS)
    key = _key(analysis)
    if it.rank:
        return Filed(Do.WAIT, line.because if line.do is Do.WAIT and line.because else POPULAR, key)
    if line.do is Do.PUBLISH and not artifact.verified:
        return Filed(Do.WAIT, UNVERIFIED, key)
    return Filed(line.do, line.because, key)


def file(
    analysis: Analysis, policies: Policies, database: Path, at: str, *, first: bool | None = None
) -> Filed:
    """Do what `wanted` says, at a time (RFC 3339); the report database is made if it is not there.

    A later analysis of the same artifact corrects our record of it; nothing that a person decided is undone:
    on a name that was withdrawn, drafts wait. Raises DatabaseError where the database cannot be written, and
    RuleError as `wanted` does.
    """
    made = wanted(analysis, policies, first=first)
    if made.do is Do.NOTHING:
        return made
    try:
        data = encode(draft.draft(analysis))
    except UsageError as err:
        return Filed(fault=str(err), key=made.key)
    checked = validate.check_bytes(made.key, data)
    if not checked.valid:
        return Filed(fault=f"it is not valid: {checked.faults[0].why}", key=made.key)
    try:
        return _write(analysis, made, data, database, at)
    except sqlite3.Error as error:
        raise DatabaseError(damage.told(database, error)) from error


def standing(analysis: Analysis, database: Path) -> str:
    """What the report database holds of ours on this very file: `published`, `drafted` or nothing.

    For a verdict that is no accusation any more: taking a report back is a person's to decide.
    """
    if not database.is_file() or naming.known(analysis.dossier.release.ecosystem) is None:
        return ""
    release, held = analysis.dossier.release, Database(database)
    try:
        states = {
            claim.state
            for number in held.lookup(f"{release.ecosystem}/{release.name}")
            for claim in held.claims(number)
            if claim.source == draft.SOURCE and claim.key == _key(analysis)
        }
    except sqlite3.Error as error:
        raise DatabaseError(damage.told(database, error)) from error
    finally:
        held.close()
    return "published" if COUNTED in states else "drafted" if states - {REJECTED} else ""


def _write(analysis: Analysis, made: Filed, data: bytes, database: Path, at: str) -> Filed:
    publish = made.do is Do.PUBLISH
    policy = Policy("publish" if publish else "approve", ids=False, needs=made.because)
    held = Database(database, create=True)
    try:
        with held.change():
            (taken,) = held.take(draft.SOURCE, [(made.key, data)], at, policy)
            if taken.code:
                return Filed(fault=taken.reason, key=made.key)
            if not taken.new:
                return Filed(made.do, made.because, made.key, known=True)
            if not publish:
                return made
            if taken.waiting:
                return Filed(Do.WAIT, "what is known of this name wants a person", made.key)
            package = draft.package(analysis)
            return Filed(made.do, made.because, made.key, _number(held, package, made.because))
    finally:
        held.close()


def _number(held: Database, package: Package, because: str) -> str:
    """Give the published report its id, if it has none; return it."""
    given = ledger.assign(held, ledger.act(ACTOR, because), only=package)
    if given:
        return given[0][1]
    return str((held.document(held.number(package)) or {}).get("id") or "")


def _key(analysis: Analysis) -> str:
    """What our record on this file is called. Two files of a release are two records, and one report."""
    release = analysis.dossier.release
    namespace, _, name = release.name.rpartition("/")
    file_name = {"file_name": analysis.dossier.artifact.filename}
    return PackageURL(
        release.ecosystem, namespace or None, name, release.version, qualifiers=file_name
    ).to_string()
