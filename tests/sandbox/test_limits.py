"""Every limit of a sandbox, attacked."""

import pytest

from biopsy.model.run import Change, Status

pytestmark = pytest.mark.sandbox

MB = 1024**2
NEXT = "print('still here')"


def test_a_memory_hog_is_a_crash_of_its_phase_with_the_reason(attempt):
    seen = attempt(
        "kept = []\nwhile True: kept.append(bytearray(os.urandom(1 << 20) * 16))", NEXT, memory=400 * MB
    )
    assert seen.ran[0].status is Status.CRASHED
    assert seen.ran[0].reason.startswith("memory-limit")
    assert seen.ran[1].status is Status.SKIPPED


def test_a_fork_bomb_ends_with_the_reason(attempt):
    seen = attempt("while True:\n    try: os.fork()\n    except OSError: pass", NEXT, processes=60)
    assert (seen.ran[0].status, seen.ran[0].reason) == (Status.CRASHED, "process-limit")
    assert seen.ran[1].status is Status.SKIPPED


def test_a_slow_fork_bomb_is_ended_by_its_phases_time(attempt):
    seen = attempt("while True:\n    os.fork()\n    time.sleep(0.5)", NEXT, timeout=3)
    assert seen.ran[0].status is Status.TIMEOUT
    assert seen.text(1) == "still here\n"


def test_a_full_disk_is_an_error_inside_and_nothing_more(attempt):
    script = """
try:
    with open('/tmp/big', 'wb', buffering=0) as file:
        while True: file.write(b'x' * (1 << 20))
except OSError as error:
    print('errno', error.errno)
"""
    seen = attempt(script, NEXT, disk=64 * MB)
    assert seen.text() == "errno 28\n"
    assert seen.text(1) == "still here\n"
    assert seen.change("/tmp/big").size <= 64 * MB
    assert (seen.ran[0].status, seen.ran[0].reason) == (
        Status.FAILED,
        "disk-limit: nothing more could be written",
    )


def test_many_small_files_do_not_break_the_reading_of_the_layer(attempt):
    seen = attempt("os.mkdir('/tmp/m')\nfor i in range(3000): open(f'/tmp/m/{i}', 'w').close()")
    assert sum(one.path.startswith("/tmp/m/") for one in seen.raw.changes) == 3000


def test_shared_memory_is_limited(attempt):
    script = """
try:
    with open('/dev/shm/big', 'wb', buffering=0) as file:
        for _ in range(2000): file.write(b'x' * (1 << 20))
    print('no limit')
except OSError as error:
    print('errno', error.errno)
"""
    assert attempt(script, memory=1500 * MB).text() == "errno 28\n"


def test_endless_output_is_cut_and_does_not_stop_what_prints_it(attempt):
    script = "for _ in range(20000): sys.stdout.write('x' * 1000); sys.stderr.write('y' * 1000)\nopen('/tmp/end', 'w')"
    seen = attempt(script, output=50_000)
    assert (len(seen.ran[0].output), len(seen.ran[0].errors)) == (50_000, 50_000)
    assert seen.ran[0].status is Status.COMPLETED
    assert seen.change("/tmp/end").change is Change.CREATED


def test_sleeping_forever_is_a_timeout_and_what_came_before_is_kept(attempt):
    seen = attempt(
        "print('before', flush=True); open('/tmp/trace-of-it', 'w'); time.sleep(10**6)", NEXT, timeout=2
    )
    assert seen.ran[0].status is Status.TIMEOUT
    assert seen.text() == "before\n"
    assert seen.change("/tmp/trace-of-it")
    assert seen.text(1) == "still here\n"


def test_the_time_of_all_phases_together_is_limited(attempt):
    seen = attempt("time.sleep(10**6)", NEXT, timeout=60, time=3)
    assert [one.status for one in seen.ran] == [Status.TIMEOUT, Status.SKIPPED]
    assert seen.ran[1].reason.startswith("total-time")


def test_a_late_phase_takes_its_children_with_it_but_not_those_of_others(attempt):
    seen = attempt(
        "subprocess.Popen(['tail', '-f', '/dev/null'], start_new_session=True)",
        "subprocess.Popen(['sleep', '2222']); time.sleep(10**6)",
        "print(subprocess.run(['ps', 'ax'], capture_output=True, text=True).stdout)",
        timeout=4,
    )
    assert "tail -f" in seen.text(2)
    assert "sleep 2222" not in seen.text(2)


@pytest.mark.parametrize(
    "attack",
    [
        "for p in range(1, 50):\n    if p != os.getpid():\n        try: os.kill(p, 9)\n        except OSError: pass",
        "os.kill(os.getppid(), 9) if os.getppid() > 1 else None",
        "os.kill(-1, 15) if os.fork() == 0 else time.sleep(1)",
        "os.closerange(0, 60000)",
        "os.kill(os.getpid(), signal.SIGSTOP)",
        "os.kill(os.getpid(), signal.SIGSEGV)",
        "os.setsid() if os.fork() == 0 else os._exit(0)\nos.closerange(0, 100)\ntime.sleep(1000)",
        "open('/proc/self/oom_score_adj', 'w').write('-1000')",
        "open('/proc/sysrq-trigger', 'w').write('b')",
    ],
)
def test_nothing_that_a_process_does_to_others_or_itself_breaks_the_run(attempt, attack):
    seen = attempt(attack, NEXT, timeout=4)
    assert seen.text(1) == "still here\n"
