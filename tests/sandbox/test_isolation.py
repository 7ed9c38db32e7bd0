"""Nothing of a sandbox reaches anything real, and nothing real is seen in it: tried from inside."""

import contextlib
import socket
import subprocess
import threading

import pytest

from biopsy.model.release import Endpoint
from biopsy.model.run import Status
from biopsy.sandbox.internet.gateway import Reply

pytestmark = pytest.mark.sandbox


class Listener:
    """Listens on every address of this machine, TCP, UDP and an abstract Unix socket, and counts who came."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.tcp = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.udp.bind(("::", self.port))
        self.unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.unix.bind(f"\0heard-{self.port}")
        self.unix.listen()
        for one in (self.tcp.accept, lambda: self.udp.recvfrom(99), self.unix.accept):
            threading.Thread(target=self.listen, args=(one,), daemon=True).start()

    def listen(self, wait) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.heard.append(repr(wait()))

    def close(self) -> None:
        for one in (self.tcp, self.udp, self.unix):
            one.close()


@pytest.fixture
def listener():
    one = Listener()
    yield one
    one.close()


def addresses() -> list[str]:
    said = subprocess.run(["ip", "-o", "addr"], capture_output=True, text=True, check=True).stdout
    return sorted({line.split()[3].partition("/")[0] for line in said.splitlines()})


def test_nobody_on_this_machine_hears_anything_from_inside(attempt, listener):
    script = f"""
sent = []
for address in {addresses()!r}:
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        try:
            with socket.socket(family, kind) as one:
                one.settimeout(2)
                one.connect((address, {listener.port}))
                one.send(b'is anybody there')
                sent.append(address)
        except OSError as error:
            print(address, error)
try:
    one = socket.socket(socket.AF_UNIX)
    one.connect('\\0heard-{listener.port}')
    print('unix connected')
except OSError: pass
print('sent', sorted(set(sent)))
"""
    seen = attempt(script)
    assert listener.heard == []
    assert "unix connected" not in seen.text()
    assert seen.ran[0].status is Status.COMPLETED
    outside = [one for one in addresses() if not one.startswith(("127.", "::1", "fe80"))]
    told = {one.address for one in seen.said}
    assert set(outside) <= told, (
        "what was said to this machine's addresses was said to the simulated internet"
    )


def test_a_package_can_neither_change_its_network_nor_forge_packets(attempt):
    script = """
import fcntl, struct
def tried(name, what):
    try: what()
    except (OSError, subprocess.SubprocessError) as error: return
    print('worked:', name)
tried('packet', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
tried('raw', lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP))
tried('raw6', lambda: socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_TCP))
tried('address', lambda: subprocess.run(['ip', 'addr', 'add', '10.9.9.9/8', 'dev', 'eth0'], check=True, capture_output=True))
tried('route', lambda: subprocess.run(['ip', 'route', 'del', 'default'], check=True, capture_output=True))
tried('link', lambda: subprocess.run(['ip', 'link', 'add', 'x', 'type', 'dummy'], check=True, capture_output=True))
tried('namespace', lambda: subprocess.run(['unshare', '-rn', 'true'], check=True, capture_output=True))
tried('mount', lambda: subprocess.run(['mount', '-t', 'tmpfs', 'x', '/mnt'], check=True, capture_output=True))
tried('chroot', lambda: os.chroot('/tmp'))
tried('setuid', lambda: os.setuid(0))
tried('device', lambda: os.mknod('/tmp/dev', 0o60644, os.makedev(8, 0)))
print('end')
"""
    text = attempt(script).text()
    assert text.replace("worked: namespace\n", "") == "end\n"  # one of its own, inside gVisor, is harmless


def test_nothing_real_of_this_machine_is_visible_inside(attempt, home):
    script = f"""
import glob
seen = dict(os.environ)
for path in ['/proc/self/mounts', '/proc/1/environ', '/proc/1/cmdline', '/proc/version', '/proc/self/cgroup', '/etc/hosts',
             '/etc/resolv.conf', '/etc/hostname', *glob.glob('/usr/local/lib/project-tools/*')]:
    try: seen[path] = open(path, errors='replace').read()
    except OSError: pass
for word in ['biopsy', {str(home)!r}, {socket.gethostname()!r} if len({socket.gethostname()!r}) > 3 else 'biopsy']:
    print([key for key, text in seen.items() if word.lower() in (key + text).lower()])
print(os.path.exists({str(home)!r}), os.path.exists('/run/box'))
"""
    assert attempt(script).text() == "[]\n[]\n[]\nFalse False\n"


def test_only_the_registrys_own_paths_are_fetched_and_only_by_reading(attempt):
    asked: list[str] = []

    def forward(fetch):
        asked.append(f"{fetch.method} {fetch.url}")
        return Reply(200, "text/html", b"<html></html>")

    endpoint = Endpoint("pypi", "https://index.example/simple/", "", ("[a-z]+/",))
    script = """
import urllib.request
def get(url, data=None, method=None, **headers):
    try: return urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=10).status
    except Exception as error: return repr(error)[:60]
print(get('https://index.example/simple/six/'))
get('https://index.example/simple/six/', b'stolen', 'POST')
get('https://index.example/simple/six/', b'stolen', 'PUT')
get('https://index.example/simple/six/?q=stolen')
get('https://index.example/simple/../../admin/')
get('https://index.example/simple/%2e%2e/%2e%2e/admin/')
get('https://index.example/other/')
get('https://other.example/simple/six/')
get('http://index.example/simple/six/', None, None, Host='other.example')
get('https://index.example:8443/simple/six/')
get('https://user:stolen@index.example/simple/six/')
"""
    seen = attempt(script, forward=forward, endpoints=(endpoint,), timeout=40)
    assert seen.text() == "200\n"
    assert set(asked) == {"GET https://index.example/simple/six/"}
