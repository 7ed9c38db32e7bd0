"""From a story to behaviours: what is told, what is only counted, and in what order."""

from pathlib import Path

import pytest
from dnslib import RR, A, DNSRecord
from made_traces import HOME, NPM, PROJECT, SECOND, SECRET, START, SUBJECT, TOKEN, Story, install
from msgspec.structs import replace

from biopsy.model.behaviour import Behaviour, By
from biopsy.model.run import Change, Run, Status
from biopsy.sandbox.observe import observe
from biopsy.sandbox.raw import Canary, Changed, Said, Subject

SITE = "/opt/venv/lib/python3.11/site-packages"


def run_of(folder: Path, story: Story, subject: Subject = SUBJECT, **more: object) -> Run:
    return observe(story.told(folder, **more), subject, None)  # type: ignore[arg-type]


def told(folder: Path, story: Story, *kinds: str, subject: Subject = SUBJECT, **more: object) -> list[str]:
    return [
        f"{one.kind} {one.value}"
        for one in run_of(folder, story, subject, **more).behaviours
        if str(one.kind).startswith(kinds) and one.by is not By.TOOL
    ]


def dns(time: int, name: str, ip: str = "198.51.100.7", summary: str = "", **more: object) -> Said:
    question = DNSRecord.question(name)
    answer = question.reply()
    answer.add_answer(RR(name, rdata=A(ip)))
    return Said(time, "dns", "192.0.2.1", 53, 4000, name, summary or f"A {name}", bytes(question.pack()),
                response=bytes(answer.pack()), **more)  # type: ignore[arg-type]  # fmt: skip


def http(time: int, line: str, host: str = "collector.example", body: bytes = b"", **more: object) -> Said:
    request = f"{line} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode() + body
    return Said(time, "https", "198.51.100.7", 443, 5000, host, line, request, body, b"HTTP/1.1 200 OK\r\n\r\n",
                len(request), 19, 200, **more)  # type: ignore[arg-type]  # fmt: skip


def test_reads_of_the_image_and_of_installed_packages_are_counted(tmp_path: Path) -> None:
    story = install()
    for path in (
        "/usr/lib/python3.11/os.py",
        f"{SITE}/thing/x.py",
        f"{PROJECT}/node_modules/a/i.js",
        "/dev/null",
    ):
        story.open(4, path)
    run = run_of(tmp_path, story)
    assert (run.watch.files_read, [one for one in run.behaviours if one.kind == "file.read"]) == (4, [])


def test_reads_of_home_and_configuration_are_listed_once_per_process(tmp_path: Path) -> None:
    story = (
        install()
        .open(4, f"{HOME}/.bash_history")
        .open(4, f"{HOME}/.bash_history")
        .open(4, "/etc/shadow", error=13)
    )
    assert told(tmp_path, story, "file.") == [f"file.read {HOME}/.bash_history", "file.read /etc/shadow"]


def test_a_canary_is_read_whatever_name_it_is_called_by(tmp_path: Path) -> None:
    story = (
        install()
        .open(4, "/tmp/innocent", real=TOKEN.path)
        .open(4, "/proc/self/root" + SECRET.path, real=SECRET.path)
    )
    run = run_of(tmp_path, story)
    found = [(str(one.kind), one.value, one.detail) for one in run.behaviours if one.by is By.PACKAGE]
    assert ("canary.read", "npm-token", f"opened as /tmp/innocent, {TOKEN.path}") in found
    assert ("file.read", SECRET.path, f"opened as /proc/self/root{SECRET.path}") in found


def test_a_canary_that_could_not_be_opened_was_not_read(tmp_path: Path) -> None:
    assert told(tmp_path, install().open(4, TOKEN.path, error=13), "canary.") == []


def test_a_path_is_seen_from_the_folder_it_was_opened_in(tmp_path: Path) -> None:
    story = install().add("Chdir", 4, path=HOME.encode(), exit={})
    story.open(4, ".npmrc", real=f"{HOME}/.npmrc").open(
        4, "credentials", folder=f"{HOME}/.aws", real=SECRET.path
    )
    assert told(tmp_path, story, "canary.") == ["canary.read npm-token", "canary.read aws-secret"]


def test_a_folder_is_told_with_a_slash(tmp_path: Path) -> None:
    assert told(tmp_path, install().open(4, f"{HOME}/.ssh", flags=0o200000), "file.") == [
        f"file.read {HOME}/.ssh/"
    ]


@pytest.mark.parametrize("path", ["/proc/cpuinfo", "/sys/class/dmi/id/product_name", "/.dockerenv", "/proc/self/status",
                                  "/sys/class/net/eth0/address", "/etc/machine-id"])  # fmt: skip
def test_looking_for_a_sandbox_is_told_of_a_package_and_not_of_a_tool(tmp_path: Path, path: str) -> None:
    story = install().open(3, path).open(4, path)
    found = [one for one in run_of(tmp_path, story).behaviours if one.kind == "evasion.fingerprint"]
    assert [(one.value, one.by) for one in found] == [(path, By.PACKAGE)]


@pytest.mark.parametrize(
    ("path", "listed"),
    [
        (f"{SITE}/sitecustomize.py", True),
        (f"{SITE}/evil.pth", True),
        (f"{SITE}/requests/api.py", True),
        (f"{HOME}/.bashrc", True),
        (f"{HOME}/.claude/settings.json", True),
        (f"{PROJECT}/.vscode/tasks.json", True),
        (f"{PROJECT}/.github/workflows/ci.yml", True),
        ("/etc/cron.d/x", True),
        ("/usr/bin/python3", True),
        ("/tmp/stage2.sh", True),
        ("/tmp/pip-req-build-1a2b3c4d/build/x.o", False),
        (f"{SITE}/thing/__pycache__/x.cpython-311.pyc", False),
        ("/dev/null", False),
    ],
)
def test_writes_are_listed_unless_they_are_a_tools_scratch(tmp_path: Path, path: str, listed: bool) -> None:
    assert (f"file.write {path}" in told(tmp_path, install().write(4, path), "file.write")) is listed


def test_what_pip_installs_is_counted_and_not_listed(tmp_path: Path) -> None:
    changes = tuple(Changed(f"{SITE}/dep/m{n}.py", Change.CREATED, 10) for n in range(50))
    story = install()
    for change in changes:
        story.write(3, change.path)
    run = run_of(tmp_path, story, changes=changes)
    assert [one for one in run.behaviours if one.kind == "file.write"] == []
    assert run.changes == ()
    assert "50 changed files not listed: installed" in run.watch.notes


def test_a_package_that_changes_itself_is_not_told_and_one_that_changes_another_is(tmp_path: Path) -> None:
    record = Changed(
        f"{SITE}/thing-1.0.dist-info/RECORD",
        Change.CREATED,
        head=b"thing/__init__.py,,\nthing-1.0.dist-info/RECORD,,\n",
    )
    story = install().write(4, f"{SITE}/thing/cache.json").write(4, f"{SITE}/requests/api.py")
    assert told(tmp_path, story, "file.write", changes=(record,)) == [f"file.write {SITE}/requests/api.py"]


def test_a_record_that_claims_another_packages_files_does_not_get_them(tmp_path: Path) -> None:
    records = (
        Changed(
            f"{SITE}/thing-1.0.dist-info/RECORD", Change.CREATED, head=b"thing/x.py,,\nrequests/y.py,,\n"
        ),
        Changed(f"{SITE}/requests-2.0.dist-info/RECORD", Change.CREATED, head=b"requests/api.py,,\n"),
    )
    found = told(tmp_path, install().write(4, f"{SITE}/requests/y.py"), "file.write", changes=records)
    assert found == [f"file.write {SITE}/requests/y.py"]


def test_npm_packages_know_their_own_folder_and_their_neighbours(tmp_path: Path) -> None:
    story = (
        install()
        .write(4, f"{PROJECT}/node_modules/thing/x.js")
        .write(4, f"{PROJECT}/node_modules/ethers/lib.js")
    )
    found = told(tmp_path, story, "file.write", subject=NPM)
    assert found == [f"file.write {PROJECT}/node_modules/ethers/lib.js"]


def test_a_file_renamed_into_its_place_is_told_with_who_wrote_it(tmp_path: Path) -> None:
    change = Changed(f"{HOME}/.npmrc", Change.CHANGED, 20, head=b"registry=http://registry.example")
    run = run_of(tmp_path, install().write(4, f"{HOME}/.npmrc.tmp"), changes=(change,))
    found = next(one for one in run.behaviours if one.value == change.path)
    assert (str(found.kind), found.by, found.detail) == (
        "file.write",
        By.PACKAGE,
        f"written as {change.path}.tmp",
    )
    assert run.changes[0].excerpt == "registry=http://registry.example"


def test_a_change_that_nobody_was_seen_making_is_told_all_the_same(tmp_path: Path) -> None:
    run = run_of(tmp_path, install(), changes=(Changed(f"{HOME}/.ssh/authorized_keys", Change.DELETED),))
    assert [(str(one.kind), one.detail) for one in run.behaviours][-1] == ("file.delete", "found afterwards")


def test_who_looked_into_a_folder_is_told_to_have_deleted_what_vanished_from_it_meanwhile(
    tmp_path: Path,
) -> None:
    story = install().open(4, f"{HOME}/Documents", flags=0o200000)
    gone = tuple(
        Changed(f"{HOME}/{name}", Change.DELETED, phase="install")
        for name in ("Documents/a/b.txt", "Pictures/a.jpg")
    )
    run = run_of(tmp_path, story, changes=gone)
    found = [(one.value, one.process, one.where.phase) for one in run.behaviours if one.kind == "file.delete"]
    assert found == [
        (f"{HOME}/Documents/a/b.txt", 4, "install"), (f"{HOME}/Pictures/a.jpg", None, "install"),
    ]  # fmt: skip


@pytest.mark.parametrize(("phase", "end"), [("import", 10**12), ("", 3)])
def test_what_a_background_process_deletes_later_on_is_its_own(tmp_path: Path, phase: str, end: int) -> None:
    story = install().open(4, f"{HOME}/Documents")
    gone = (Changed(f"{HOME}/Documents/a.txt", Change.DELETED, phase=phase),)
    raw = story.told(tmp_path, ("install", 2), changes=gone)
    first = replace(raw.ran[0], end_ns=START + 1)
    second = replace(first, phase="import", start_ns=START + 2, end_ns=START + end, pid=99)
    raw = replace(raw, ran=(first, second))
    (found,) = (one for one in observe(raw, SUBJECT, None).behaviours if one.kind == "file.delete")
    assert (found.process, found.where.phase, found.detail) == (4, "install", "")


def test_connections_and_requests_are_told_by_name_with_their_process(tmp_path: Path) -> None:
    story = install().connect(4, "192.0.2.1", 53)
    asked = dns(story.now + 1, "collector.example")
    story.connect(4, "198.51.100.7", 443)
    run = run_of(tmp_path, story, said=(asked, http(story.now + SECOND, "POST /in?x=1", body=b"hello")))
    found = [
        (f"{one.kind} {one.value}", one.process) for one in run.behaviours if one.kind.startswith("net.")
    ]
    assert found == [
        ("net.dns collector.example", 4), ("net.connect collector.example:443", 4),
        ("net.http POST https://collector.example/in?x=1", 4),
    ]  # fmt: skip
    assert [(one.host, one.process, one.sent) for one in run.exchanges][1] == ("collector.example", 4, 55)


def test_a_connection_over_which_nothing_is_said_has_its_name_too(tmp_path: Path) -> None:
    story = install().connect(4, "192.0.2.1", 53)
    asked = dns(story.now + 1, "silent.example", "203.0.113.77")
    assert told(tmp_path, story.connect(4, "203.0.113.77", 8443), "net.connect", said=(asked,)) == [
        "net.connect silent.example:8443"
    ]


def test_one_connection_keeps_its_process_when_another_goes_to_the_same_place(tmp_path: Path) -> None:
    story = install().connect(4, "198.51.100.7", 443)
    first = http(story.now + 1, "GET /a")
    story.now += 10_000_000
    story.spawn(4, 5, "curl", "x").connect(5, "198.51.100.7", 443)
    second = http(story.now + 2, "GET /b")
    run = run_of(tmp_path, story, said=(first, second))
    assert [(one.summary, one.process) for one in run.exchanges] == [("GET /a", 4), ("GET /b", 4)]


def test_other_types_of_question_are_named(tmp_path: Path) -> None:
    story = install()
    assert told(tmp_path, story, "net.dns", said=(dns(story.now, "x.example", summary="TXT x.example"),)) == [
        "net.dns x.example TXT"
    ]


def test_what_a_tool_fetches_through_the_gateway_is_an_exchange_and_no_behaviour(tmp_path: Path) -> None:
    story = install().connect(3, "198.51.100.7", 443)
    run = run_of(tmp_path, story, said=(http(story.now + 1, "GET /simple/x/", gateway=True),))
    assert [one for one in run.behaviours if one.kind == "net.http"] == []
    assert run.exchanges[0].gateway


def test_bytes_that_came_and_ran_are_told_with_where_they_came_from(tmp_path: Path) -> None:
    story = install().connect(4, "198.51.100.7", 443)
    gave = http(story.now + 1, "GET /stage2.sh", token="00ff")
    ran = dns(story.now + 2, "i-00ff.edge-cache.example", ran="00ff")
    found = told(tmp_path, story, "code.", "net.dns", said=(gave, ran))
    assert found == ["code.remote https://collector.example/stage2.sh"]


def test_a_leak_names_canary_destination_and_encoding(tmp_path: Path) -> None:
    story = install().connect(4, "198.51.100.7", 443)
    run = run_of(tmp_path, story, said=(http(story.now + 1, "POST /", body=TOKEN.secret.encode()),))
    assert [one.value for one in run.behaviours if one.kind == "canary.leak"] == [
        "npm-token > collector.example:443 as clear"
    ]


def test_what_a_host_handed_out_is_no_leak_to_that_host_and_one_to_another(tmp_path: Path) -> None:
    story = install().connect(4, "198.51.100.7", 443)
    minted = Canary("minted-npm-token", "npm_" + "q7Rw" * 9)
    secret = minted.secret.encode()
    gave = replace(http(story.now + 1, "POST /mint"), response=b'{"token":"' + secret + b'"}')
    back = http(story.now + 2, "PUT /", body=secret)
    assert told(tmp_path, story, "canary.leak", said=(gave, back), canaries=(minted,)) == []
    on = replace(back, name="third.example", address="198.51.100.9")
    assert told(tmp_path, story, "canary.leak", said=(gave, on), canaries=(minted,)) == [
        "canary.leak minted-npm-token > third.example:443 as clear"
    ]


@pytest.mark.parametrize(
    ("call", "args", "seconds", "told_as"),
    [
        (230, (1, 0, 0), 30, ["evasion.sleep 30"]),
        (35, (0,), 1, []),
        (281, (4, 0, 1, 600_000), 2, []),  # something came before its time
        (7, (0, 1, 5_000), 5, ["evasion.sleep 5"]),
        (7, (0, 1, 2**32 - 1), 5, []),  # for ever
    ],
)
def test_long_waits_are_told(
    tmp_path: Path, call: int, args: tuple[int, ...], seconds: int, told_as: list[str]
) -> None:
    story = install().raw(4, call, *args)
    story.now += seconds * SECOND
    story.raw(4, call, *args, exit={"result": int(call == 281)})
    assert told(tmp_path, story, "evasion.") == told_as


def test_a_timer_that_the_phase_did_not_live_to_see_is_told_by_its_length(tmp_path: Path) -> None:
    story = install().raw(4, 281, 4, 0, 1, 600_000)
    story.now += 4 * SECOND
    assert told(tmp_path, story, "evasion.") == ["evasion.sleep 600"]


def test_many_short_waits_add_up(tmp_path: Path) -> None:
    story = install()
    for _ in range(20):
        story.raw(4, 230, 1)
        story.now += SECOND
        story.raw(4, 230, 1, exit={})
    assert told(tmp_path, story, "evasion.") == ["evasion.sleep 20"]


def test_reaching_for_whoever_watches_is_told(tmp_path: Path) -> None:
    story = install().raw(4, 62, 2, 9).raw(4, 62, 2**64 - 1, 9).raw(4, 62, 4, 9).raw(4, 101, 0)
    story.raw(4, 62, 1, 15).raw(4, 62, 1, 0)
    assert told(tmp_path, story, "evasion.") == [
        "evasion.tracer kill driver SIGKILL", "evasion.tracer kill all SIGKILL", "evasion.tracer ptrace traceme",
        "evasion.tracer kill cell SIGTERM",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        "/proc/sys/kernel/core_pattern",
        "/proc/sysrq-trigger",
        "/sys/fs/cgroup/release_agent",
        "/etc/sudoers.d/90-thing",
        "/etc/ld.so.preload",
        "/etc/passwd",
        "/dev/mem",
        "/proc/1/mem",
    ],
)
def test_a_refused_write_to_what_rules_the_machine_is_told_as_one(tmp_path: Path, path: str) -> None:
    story = install().write(4, path, error=13)
    assert told(tmp_path, story, "file.") == [f"file.write {path}"]


@pytest.mark.parametrize(
    "path",
    [
        f"{HOME}/.bashrc",
        "/etc/hosts",
        "/etc/passwd-",
        "/etc/bash_completion.d/thing",
        "/usr/bin/thing",
        "/proc/self/mem",
    ],
)
def test_other_refused_writes_are_not_told(tmp_path: Path, path: str) -> None:
    assert told(tmp_path, install().write(4, path, error=13), "file.") == []


def test_asking_what_governs_the_machine_over_its_socket_is_told(tmp_path: Path) -> None:
    story = install()
    for path in ("/var/run/docker.sock", "/run/containerd/containerd.sock", "/run/systemd/private"):
        story.local(4, path)
    assert told(tmp_path, story, "evasion.tracer", "net.") == [
        "evasion.tracer socket /run/docker.sock",
        "evasion.tracer socket /run/containerd/containerd.sock",
        "evasion.tracer socket /run/systemd/private",
    ]


def test_programs_that_talk_among_themselves_over_sockets_are_not_told(tmp_path: Path) -> None:
    story = install()
    for path in (
        "/run/nscd/socket",
        "/tmp/.X11-unix/X0",
        "/tmp/pymp-x1/listener-y",
        "/dev/log",
        "/run/dbus/system_bus_socket",
    ):
        story.local(4, path)
    assert told(tmp_path, story, "evasion.tracer", "net.") == []


def test_calls_that_lead_past_what_holds_a_process_are_told(tmp_path: Path) -> None:
    story = install().raw(4, 165, 0).raw(4, 321, 5).raw(4, 165, 0)
    assert told(tmp_path, story, "evasion.") == ["evasion.tracer call mount", "evasion.tracer call bpf"]


def test_listening_is_told_by_its_address(tmp_path: Path) -> None:
    story = install().add("Bind", 4, fd=5, address=b"\x02\x00\x1f\x90" + bytes(12), exit={}).raw(4, 50, 5, 1)
    assert told(tmp_path, story, "net.listen") == ["net.listen 0.0.0.0:8080"]


def test_crashes_are_told_by_signal(tmp_path: Path) -> None:
    assert told(tmp_path, install().spawn(4, 5, "x", "y").exit(5, 11), "process.crash") == [
        "process.crash SIGSEGV x y"
    ]


def test_a_program_that_was_not_there_is_told_as_tried(tmp_path: Path) -> None:
    story = install().clone(4, 5)
    for folder in ("/usr/local/bin", "/usr/bin"):
        story.raw(5, 59).add(
            "Try", 5, path=f"{folder}/powershell".encode(), argv=[b"powershell", b"-c"], exit={"error": 2}
        )
    run = run_of(tmp_path, story)
    assert [(one.value, one.detail) for one in run.behaviours if "powershell" in one.value] == [
        ("powershell -c", "errno 2")
    ]


def test_a_program_that_hides_its_file_is_told_by_its_file(tmp_path: Path) -> None:
    story = (
        install()
        .spawn(4, 5, "[kworker]", binary="/memfd:x (deleted)")
        .spawn(4, 6, "sshd", binary="/tmp/.x/miner")
    )
    assert told(tmp_path, story, "process.exec")[1:] == [
        "process.exec '/memfd:x (deleted)'",
        "process.exec /tmp/.x/miner",
    ]


def test_everything_has_its_place_in_one_order(tmp_path: Path) -> None:
    story = install().open(4, f"{HOME}/.netrc").connect(4, "203.0.113.9", 80).write(4, "/tmp/x")
    run = run_of(tmp_path, story)
    assert [one.where.seq for one in run.behaviours] == list(range(1, len(run.behaviours) + 1))  # type: ignore[union-attr]
    assert [one.time for one in run.behaviours] == sorted(one.time or 0 for one in run.behaviours)
    assert all(Behaviour.parse(str(one)) == one for one in run.behaviours)


@pytest.mark.parametrize(
    ("cell", "output", "exit_status", "expected"),
    [
        (Status.COMPLETED, b'{"phase": "completed"}', 0, (Status.COMPLETED, "")),
        (
            Status.COMPLETED,
            b'{"phase": "failed", "reason": "build-failed"}',
            0,
            (Status.FAILED, "build-failed"),
        ),
        (
            Status.FAILED,
            b'{"phase": "failed", "reason": "build-failed"}',
            64,
            (Status.FAILED, "build-failed"),
        ),
        (Status.TIMEOUT, b'{"phase": "completed"}', None, (Status.TIMEOUT, "timeout: after 60 s")),
        (Status.COMPLETED, b"nothing", 0, (Status.FAILED, "no-report")),
        (Status.COMPLETED, b'{"phase": "excellent"}', 0, (Status.FAILED, "no-report")),
        (Status.COMPLETED, b"{" * 100_000, 0, (Status.FAILED, "no-report")),
    ],
)
def test_the_cells_word_beats_the_drivers(
    tmp_path: Path, cell: Status, output: bytes, exit_status: int | None, expected: tuple[Status, str]
) -> None:
    from biopsy.sandbox.raw import Ran

    reason = "timeout: after 60 s" if cell is Status.TIMEOUT else ""
    ran = Ran("install", cell, reason, START, START + SECOND, 2, exit_status, output)
    found = run_of(tmp_path, install(), ran=(ran,)).outcomes[0]
    assert (found.status, found.reason) == expected


def test_steps_are_read_under_limits_and_without_control_characters(tmp_path: Path) -> None:
    from biopsy.sandbox.raw import Ran

    lines = [b'{"step": "thing\\n{\\"phase\\": \\"failed\\"}", "status": "timeout", "duration": 1e300}']
    lines += [
        b'{"step": "x", "status": "fine"}',
        b'{"step": "' + b"y" * 70_000 + b'"}',
        b'{"step": "ok", "duration": -5}',
    ] * 1
    lines += [b'{"step": "n"}'] * 3000 + [b'{"phase": "completed"}']
    ran = Ran(
        "import",
        Status.COMPLETED,
        "",
        START,
        START + SECOND,
        2,
        0,
        b"\n".join(lines),
        b"\x1b[31mred\x1b[0m\x07",
    )
    found = run_of(tmp_path, install(), ran=(ran,)).outcomes[0]
    assert found.status is Status.COMPLETED
    assert len(found.steps) == 2000
    assert found.steps[0].name == 'thing {"phase": "failed"}'
    assert found.steps[1].duration_s == 0.0
    assert found.output == "red"


def test_the_interpreter_in_which_a_driver_loads_a_package_is_no_behaviour(tmp_path: Path) -> None:
    driver, node = "/usr/local/lib/project-tools/npm.mjs", "/usr/local/bin/node"
    story = Story()
    story.add("Start", 1, argv=[b"/sbin/init"], cwd=b"/")
    story.spawn(1, 2, "node", driver, "import", "--name", "thing", binary=node)
    story.spawn(2, 3, "node", "-", "require", "thing/lib", "thing/more", binary=node)
    story.spawn(3, 4, "node", "-", "require", "thing/lib", binary=node)
    story.exec(3, "node", "-", binary=node)
    story.spawn(2, 5, "node", "-e", "1", binary=node)
    assert told(tmp_path, story, "process.exec", subject=NPM) == [
        "process.exec node - require thing/lib",
        "process.exec node -",
        "process.exec node -e 1",
    ]
