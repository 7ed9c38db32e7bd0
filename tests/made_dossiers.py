"""Dossiers and analyses as tests want them."""

from pathlib import Path

from biopsy.model.behaviour import Behaviour
from biopsy.model.dossier import Analysis, Call, Dossier, Finding, Level, Tool, Verdict
from biopsy.model.release import Artifact, Release
from biopsy.model.run import Change, Exchange, FileChange, Outcome, Process, Status, Watch

FACTS = (
    "pkg.hook setup.py @ setup.py",
    "file.read $HOME/.npmrc @ laptop/install#4",
    "net.dns collect.example @ laptop/install#5",
    "net.connect collect.example:443 @ laptop/install#6",
    "code.eval exec @ setup.py:12 (install)",
    "net.url https://Docs.example/a?b @ thing/x.py:3 (import, vendored)",
)


def dossier(
    number: int = 1,
    *,
    name: str = "thing",
    version: str = "1.0",
    ecosystem: str = "pypi",
    day: str = "2026-11-20",
    facts: tuple[str, ...] = FACTS,
    static_only: bool = False,
) -> Dossier:
    """A dossier with these behaviours."""
    outcomes = (
        (Outcome("", "run", Status.SKIPPED, "static-only"),)
        if static_only
        else (Outcome("laptop", "install", Status.COMPLETED, "", 2.5),)
    )
    return Dossier(
        run_id=f"{day.replace('-', '')}-120000-{number:08x}",
        release=Release(ecosystem, name, version),
        artifact=Artifact(f"{name}-{version}.tar.gz", "sdist", Path("x"), 1000, f"{number:064x}", True),
        behaviours=tuple(map(Behaviour.parse, facts)),
        outcomes=outcomes,
        processes=(Process(1, None, "laptop", "install", ("pip", "install", name)),),
        exchanges=(
            Exchange("laptop", "install", "https", "collect.example", 443, "POST /", "a=1", "ok", 3, 2),
        ),
        changes=(FileChange("laptop", "/tmp/x", Change.CREATED, 3, "ab" * 32, "abc"),),
        watches=(Watch("laptop", 100),),
        created=f"{day}T12:00:00Z",
        duration_s=12.5,
        tool=Tool("0.1", "rules-1", "image-1"),
        static_only=static_only,
        against="none",
    )


def analysis(of: Dossier, call: Call = Call.MALICIOUS, rule: str = "exfil/npm-token") -> Analysis:
    """An analysis with one finding, unless it is benign."""
    if call is Call.BENIGN:
        return Analysis(of, (), Verdict(call, "Every phase was run and nothing worrying was found."))
    finding = Finding(
        rule,
        "Reads npm credentials, then connects out",
        Level.HIGH,
        Level.HIGH,
        "stable",
        ("T1552.001", "T1041"),
        "why",
        rule.partition("/")[0],
        of.behaviours[1:4],
        convicts=True,
    )
    return Analysis(of, (finding,), Verdict(call, finding.title, (rule,), (finding.category,)))
