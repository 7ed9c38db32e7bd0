"""What somebody does beside a package: he makes requests of his own, and copies an account: used by pycalls.py.

Whoever uses a package makes requests of his own, which are none of its business. Where nothing was replaced, none
is made. The token they carry is known outside (observe_calls.py): to HOST it is ours, to anybody else it was copied.
"""

import os
import sys
import threading
import time

import pyclient
from pymade import ACCOUNT, HOST, got, passed

SESSION = os.path.join(".config", "partner-intake", "session")
WATCH_TIME = 1.2  # seconds in which another account is looked for
MARK = (
    ".swapped"  # of the file beside the clipboard that tells of one: collection/clipboard-swapped-meanwhile
)
MAX_SESSIONS = 5  # of those that were handed out and changed, that make a request
TIME = 0.4  # seconds that one request waits for its answer
WATCHED = {
    "socket": ("socket.send", "socket.sendall", "socket.connect", "create_connection", "getaddrinfo"),
    "ssl": ("SSLSocket.send", "SSLSocket.sendall", "SSLSocket.write"),
    "http.client": tuple(
        f"HTTPConnection.{name}"
        for name in ("__init__", "request", "_send_request", "putrequest", "putheader", "endheaders", "send", "getresponse")
    ),
    "urllib.request": ("urlopen", "Request.__init__", "Request.add_header", "OpenerDirector.open", "AbstractHTTPHandler.do_open"),
    "urllib3.connectionpool": ("HTTPConnectionPool.urlopen", "HTTPConnectionPool._make_request"),
    "requests.api": ("request", "get", "post"),
    "requests.sessions": ("Session.__init__", "Session.request", "Session.send", "Session.prepare_request"),
    "requests.adapters": ("HTTPAdapter.send",),
    "httpx": ("Client.request", "Client.send", "AsyncClient.request", "AsyncClient.send"),
}  # fmt: skip


def replaced():
    """Give the names of what makes requests and comes from elsewhere than the library it is found in."""
    found = [
        f"{module}.{name}" for module, names in WATCHED.items() for name in names if _foreign(module, name)
    ]
    return found or ["a session"] * any(one.changed for one in pyclient.MADE)


class Clipboard:
    """Holds the account that somebody copied to pay. What a call put there in its place is taken away, for it may be
    what the call was given; another account stays, for that is what is looked for."""

    def __init__(self):
        self.path = os.path.join(os.path.expanduser("~"), ".local", "share", "clipboard")
        self.first, self.touched = self.now(), False

    def now(self):
        """Give what it holds; nothing where there is none."""
        try:
            with open(self.path, "rb") as file:
                return file.read(4096)
        except OSError:
            return b""

    def put_back(self):
        """Have it hold what it held at first, unless it holds another account."""
        now = self.now()
        if self.first and now != self.first:
            self.touched = True
            if not self.swapped(now):
                self.hold(self.first)

    def watch(self):
        """See whether somebody puts another account there while nothing is called; leave a mark where it is so."""
        before = self.now()
        if not self.first or not self.touched or threading.active_count() < 2:
            return
        self.hold(self.first)
        end = time.monotonic() + WATCH_TIME
        while time.monotonic() < end:
            time.sleep(0.05)
            if self.swapped(self.now()):
                return self.hold(self.now(), MARK)
        self.hold(before)

    def swapped(self, now):
        """Whether that is another account than the first."""
        now, first = (one.decode("latin-1").strip() for one in (now, self.first))
        return bool(ACCOUNT.fullmatch(now)) and now.lower() != first.lower()

    def hold(self, data, mark=""):
        """Write to it, or beside it."""
        try:
            with open(self.path + mark, "wb") as file:
                file.write(data)
        except OSError:
            pass


def _foreign(module, name):
    thing = sys.modules.get(module)
    owner = str(got(thing, "__name__") or module).partition(".")[0]
    for part in name.split("."):
        thing = got(thing, part)
    code = got(got(thing, "__func__") or thing, "__code__")
    if thing is None or code is None:  # not loaded, or written in C
        return False
    where = got(thing, "__globals__") or {}
    return str(where.get("__name__")).partition(".")[0] not in (owner, "_socket", "socket", "ssl")


def ask():
    """Make a few requests to HOST as anybody would, with a token of one's own."""
    try:
        with open(os.path.join(os.path.expanduser("~"), SESSION)) as file:
            token = file.read().strip()
    except OSError:
        return
    for way in (_plain, _opened, _session, _client):
        try:
            way({"Authorization": f"Bearer {token}", "Cookie": f"session={token}"})
        except tuple(passed):
            raise
        except BaseException:
            continue
    for session in [one for one in pyclient.MADE if one.changed][:MAX_SESSIONS]:
        try:
            session.get(f"http://{HOST}/account", headers={"Authorization": f"Bearer {token}"})
        except tuple(passed):
            raise
        except BaseException:
            continue
    end = time.monotonic() + TIME
    for thread in threading.enumerate():  # what was copied may leave in a thread
        if thread is not threading.current_thread():
            thread.join(max(0.0, end - time.monotonic()))


def _plain(headers):
    client = sys.modules.get("http.client")
    if client is not None:
        connection = client.HTTPConnection(HOST, timeout=TIME)
        connection.request("GET", "/account", headers=headers)
        connection.getresponse().read(64)


def _opened(headers):
    request = sys.modules.get("urllib.request")
    if request is not None:
        request.urlopen(request.Request(f"http://{HOST}/account", headers=headers), timeout=TIME).read(64)


def _session(headers):
    requests = sys.modules.get("requests")
    if requests is not None:
        requests.get(f"http://{HOST}/account", headers=headers, timeout=TIME)


def _client(headers):
    httpx = sys.modules.get("httpx")
    if httpx is not None:
        httpx.get(f"http://{HOST}/account", headers=headers, timeout=TIME)
