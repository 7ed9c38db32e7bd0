"""`biopsy reports add`: a report by hand."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from biopsy.cli.home import home_option
from biopsy.cli.reporting import act, actor_option, database_option, dry_option, opened
from biopsy.cli.teach import Taught
from biopsy.errors import UsageError
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.reports.claim import Package

ADD = """
Examples
  biopsy reports add npm/thing --version 1.0.1 --details "Sends ~/.npmrc to evil.example."
  biopsy reports add pypi/thing --all-versions --category confusion \\
      --reference https://blog.example/thing --credit "Ada: https://ada.example"
  biopsy reports add report.json               a record in OSV form, as it is
  biopsy reports add npm/thing --version 1.0.1 --details "…" --dry-run > report.json

The record is validated first, and gets its id at once, unless its name is one
that half the world installs, or was withdrawn: then it waits for
biopsy reports approve. To correct it, add it again.
"""

CATEGORIES = ("malware", "takeover", "pentest", "confusion", "spam", "protest", "unwanted")
ALL = {"introduced": "0"}


@click.command("add", cls=Taught, epilog=ADD)
@click.argument("what", metavar="ECOSYSTEM/NAME|FILE|-")
@click.option("--version", "versions", multiple=True, metavar="V", help="A malicious version. Repeatable.")
@click.option("--all-versions", "whole", is_flag=True, help="Every version there is and will be.")
@click.option("--details", default="", metavar="TEXT", help="What it does, in two to four sentences.")
@click.option("--category", type=click.Choice(CATEGORIES), help="What sort of thing it is.")
@click.option(
    "--reference", "references", multiple=True, metavar="URL", help="Where more is said. Repeatable."
)
@click.option("--credit", "credits_", multiple=True, metavar="NAME[: URL]", help="Who found it. Repeatable.")
@click.option("--source", default="hand", show_default=True, help="Whose word it is.")
@actor_option
@dry_option
@database_option
@home_option
def command(what: str, home: Path, database: Path | None, **asked: Any) -> None:
    """Add a report by hand: of a package and its malicious versions, or a record in OSV form."""
    from biopsy.reports import claim, validate  # noqa: PLC0415 - slow to import, and --help is not
    from biopsy.reports.database import now  # noqa: PLC0415
    from biopsy.reports.record import encode  # noqa: PLC0415

    claim.checked(asked["source"])
    file = what == "-" or Path(what).is_file()
    given = [
        name for name in ("versions", "whole", "details", "category", "references", "credits_") if asked[name]
    ]
    if file and given:
        raise UsageError(f"the file says it all: neither --{given[0].rstrip('_')} nor the like goes with it")
    data = _read(what) if file else encode(_record(what, now(), asked))
    checked = validate.check_bytes(what, data)
    for fault in checked.faults:
        level = "warning" if fault.warning else "error"
        click.echo(visible(f"{level} {fault.code} at {fault.where or '/'}: {fault.why}"), err=True)
    if not checked.valid:
        raise UsageError(f"{what}: not a valid report; nothing was added")
    if asked["dry_run"]:
        click.echo(data, nl=False)
        return
    _keep(data, what, home, database, asked)


def _read(what: str) -> bytes:
    from biopsy.reports.record import MAX_BYTES  # noqa: PLC0415

    if what == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    with Path(what).open("rb") as held:
        return held.read(MAX_BYTES + 1)


def _record(what: str, at: str, asked: dict[str, Any]) -> dict[str, Any]:
    """A record of what the options say; raises UsageError where they say too little."""
    from biopsy.reports import naming  # noqa: PLC0415

    word, _, name = what.partition("/")
    ecosystem = naming.known(word)
    if not name or ecosystem is None:
        why = "neither a file nor ecosystem/name"
        raise UsageError(f"{what}: {why}; ecosystems are {', '.join(sorted(naming.KNOWN))}")
    if bool(asked["versions"]) == asked["whole"]:
        raise UsageError("which versions: --version V, for each that is malicious, or --all-versions")
    if not asked["details"].strip():
        raise UsageError("--details: what it does, and how one knows, in two to four sentences")
    about: dict[str, Any] = {"package": {"ecosystem": ecosystem, "name": naming.canonical(ecosystem, name)}}
    kind = "SEMVER" if ecosystem in {"npm", "Go", "crates.io", "Hex"} else "ECOSYSTEM"
    extent = {"ranges": [{"type": kind, "events": [ALL]}]} if asked["whole"] else {}
    about |= extent or {"versions": list(dict.fromkeys(asked["versions"]))}
    about["database_specific"] = {"cwes": [{"cweId": "CWE-506", "name": "Embedded Malicious Code"}]}
    made: dict[str, Any] = {
        "schema_version": "1.7.4",
        "modified": at,
        "published": at,
        "summary": f"Malicious code in {about['package']['name']} ({ecosystem})",
        "details": asked["details"].strip(),
        "affected": [about],
        "references": [{"type": "WEB", "url": url} for url in asked["references"]],
        "credits": [_credit(one) for one in asked["credits_"]],
    }
    if asked["category"]:
        made["database_specific"] = {"malware": {"category": asked["category"]}}
    return {name: value for name, value in made.items() if value != []}


def _credit(text: str) -> dict[str, Any]:
    name, _, contact = text.partition(": ")
    return {"name": name, "type": "FINDER"} | ({"contact": [contact.strip()]} if contact.strip() else {})


def _keep(data: bytes, what: str, home: Path, database: Path | None, asked: dict[str, Any]) -> None:
    from biopsy.ecosystems import names  # noqa: PLC0415
    from biopsy.reports import ledger  # noqa: PLC0415
    from biopsy.reports.claim import claims  # noqa: PLC0415
    from biopsy.reports.policy import Policy  # noqa: PLC0415
    from biopsy.reports.record import decode  # noqa: PLC0415

    def popular(package: "Package") -> bool:
        return package.name in names.load(package.ecosystem.lower(), home).ranks

    done = act(asked["actor"])
    record = decode(data)
    ((package, _),) = claims(asked["source"], record, "0", done.at)
    key = record.get("id") or f"{package.ecosystem}/{package.name}"
    policy = Policy(trust="popular", ids=False, popular=popular)
    with opened(home, database, create=True) as held, held.change():
        (taken,) = held.take(asked["source"], [(key, data)], done.at, policy)
        if taken.code:
            raise UsageError(f"{what}: {taken.reason}")
        if not taken.new:
            click.echo(visible(f"{package.ecosystem}/{package.name}: that was said before"))
            return
        if taken.echoes:
            words = "only repeats what is reported; it is kept, and not heard"
        elif taken.waiting:
            words = f"waits: biopsy reports approve {package.ecosystem}/{package.name}"
        else:
            ledger.assign(held, done)
            words = str((held.document(held.number(package)) or {}).get("id", ""))
    click.echo(visible(f"{package.ecosystem}/{package.name}  {words}"))
