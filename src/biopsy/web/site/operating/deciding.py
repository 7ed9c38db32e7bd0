"""What operators decide on reports, by a form: it stands in the log of the report and in the audit log."""

from typing import Any
from urllib.parse import quote

from biopsy.errors import UsageError
from biopsy.reports import ledger
from biopsy.reports.claim import Package
from biopsy.reports.database import Act, Database
from biopsy.web.site.accounts.office import Denied, Office
from biopsy.web.site.paging import Away, Refused, wants_json
from biopsy.web.store import Asked, Stores

MAX_WORD = 500
MAX_REASON = 2000
MAX_VERSIONS = 1000
SCOPE = {
    "withdraw": "withdraw",
    "reinstate": "withdraw",
    "dispute": "dispute",
    "approve": "approve",
    "reject": "approve",
    "accept": "withdraw",  # a dispute, which withdraws the report
    "dismiss": "withdraw",
}
"""What an operator needs for each decision."""


async def decide(request: Asked, stores: Stores, office: Office, made: Any) -> Any:
    """Do what a form asks for, and go back to the report."""
    session, sent = await office.act(request, "")
    do, word = sent.get("do", ""), sent.get("report", "")[:MAX_WORD].strip()
    scope = SCOPE.get(do)
    if scope is None:
        raise Refused(detail=f"do: one of {', '.join(SCOPE)}")
    if scope not in session.scopes:
        office.note(request, do, word, result="refused", detail=f"not for {scope}")
        raise Denied(detail=f"you may not {scope}; you may {', '.join(session.scopes)}")
    act = ledger.act(f"site:{session.name}", _reason(sent), sent.get("evidence", "")[:MAX_REASON].strip())
    try:
        result = await stores.write(lambda database: _do(database, do, word, act, sent))
    except UsageError as error:
        office.note(request, do, word, reason=act.reason, result="failed", detail=str(error))
        raise
    office.note(request, do, word, reason=act.reason, detail=f"{result} (batch {act.batch})")
    back = (
        f"/report/{quote(word, safe='')}"
        if do not in {"approve", "reject", "accept", "dismiss"}
        else "/operations"
    )
    return made(do, word, result, back) if wants_json(request) else Away(back)


def _reason(sent: dict[str, str]) -> str:
    word, note = sent.get("reason", "").strip(), sent.get("note", "").strip()
    return (f"{word}: {note}" if word and note else word or note)[:MAX_REASON]


def _do(database: Database, do: str, word: str, act: Act, sent: dict[str, str]) -> str:
    versions = sent.get("versions", "").replace(",", " ").split()[:MAX_VERSIONS]
    if do in {"accept", "dismiss"}:
        number = int(word) if word.isdecimal() else 0
        package = ledger.answer(database, number, act, accept=do == "accept")
        return f"{package.ecosystem}/{package.name}"
    found = ledger.find(database, [word])
    match do:
        case "withdraw":
            ledger.withdraw(database, found, act, versions)
        case "reinstate":
            ledger.reinstate(database, found, act)
        case "dispute":
            for which in found:
                ledger.dispute(database, which, act, versions, sent.get("proof", "").strip()[:MAX_REASON])
        case "approve":
            ledger.publish(database, found, act)
        case _:
            ledger.reject(database, found, act)
    return ", ".join(f"{_named(package)}" for _, package in found)


def _named(package: Package) -> str:
    return f"{package.ecosystem}/{package.name}"
