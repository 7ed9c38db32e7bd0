"""For code hosts: SARIF 2.1.0, one run; what is malicious or may be is a result at its file and line.

A report is a rule, so that a code host shows what it says and links to it. A file that could not be read is a
notification, and the invocation was then not successful.
"""

from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

import msgspec

from biopsy.formats.wire.scalar import text
from biopsy.model.check import Checked, Checkup, Cited, Verdict

ENDING = ".sarif"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Verdict.MALICIOUS: "error", Verdict.POSSIBLE: "warning"}
MAX_URI = 2000  # characters of a link

Json = dict[str, Any]


def render(checkups: Sequence[Checkup], **_: Any) -> str:
    """A SARIF log."""
    found = [(c, one) for c in checkups for one in c.checked if one.verdict in LEVELS and one.reports]
    rules = {one.reports[0].id: one.reports[0] for _, one in found}
    index = {name: number for number, name in enumerate(rules)}
    run = {
        "tool": {"driver": {
            "name": "biopsy", "version": version("biopsy"), "rules": [_rule(r) for r in rules.values()],
        }},
        "automationDetails": {"id": "biopsy/check/"},
        "invocations": [_invocation(checkups)],
        "results": [_result(checkup, one, index) for checkup, one in found],
        "columnKind": "unicodeCodePoints",
    }  # fmt: skip
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(log), indent=2).decode() + "\n"


def _rule(report: Cited) -> Json:
    words = text(report.summary) or "A malicious package"
    link = {"helpUri": text(report.link)} if report.link.startswith(("https://", "http://")) else {}
    return {
        "id": text(report.id),
        "shortDescription": {"text": words},
        "fullDescription": {"text": words},
        "defaultConfiguration": {"level": "error"},
        "properties": {"security-severity": "9.5", "tags": ["security", "malicious-package"]},
        **(link if len(report.link) <= MAX_URI and report.link.isascii() else {}),
    }


def _result(checkup: Checkup, one: Checked, index: dict[str, int]) -> Json:
    entry, report = one.entry, one.reports[0]
    named = f"{entry.name} {entry.version}".strip()
    others = [text(r.id) for r in one.reports[1:]]
    path = _beside(checkup, one)
    place: Json = {"artifactLocation": {"uri": quote(path, safe="/-._~", errors="surrogatepass") or "."}}
    if entry.line > 0:
        place["region"] = {"startLine": entry.line}
    known = f"{path}\0{entry.ecosystem}\0{entry.name}\0{entry.version}\0{report.id}"
    return {
        "ruleId": text(report.id),
        "ruleIndex": index[report.id],
        "level": LEVELS[one.verdict],
        "message": {"text": text(f"{named}: {one.reason} [{report.id}]")},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {
            "biopsyCheck/v1": sha256(known.encode("utf-8", "surrogatepass")).hexdigest(),
        },
        "properties": {
            "verdict": one.verdict.value,
            "ecosystem": entry.ecosystem,
            "sources": [text(source) for source in report.sources],
            "otherReports": others,
        },
    }  # fmt: skip


def _beside(checkup: Checkup, one: Checked) -> str:
    """The path of the file, as a relative reference; of one that another includes, beside that."""
    path = checkup.path.replace("\\", "/")
    if one.entry.path:
        inside = checkup.form == "installed"
        path = f"{path}/{one.entry.path}" if inside else f"{path.rpartition('/')[0]}/{one.entry.path}"
    return path.lstrip("/").removeprefix("./")


def _invocation(checkups: Sequence[Checkup]) -> Json:
    told = [
        {"level": "error", "message": {"text": text(f"{c.path}: {c.error}")}} for c in checkups if c.error
    ]
    return {"executionSuccessful": not told, "toolExecutionNotifications": told}
