"""Names of Python's libraries: one spelling for each thing, and the words worth looking at a file for."""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

BUILTINS = frozenset({
    "exec", "eval", "compile", "open", "__import__", "getattr", "setattr", "delattr", "globals",
    "locals", "vars", "dir", "chr", "ord", "bytes", "bytearray", "str", "int", "float", "list", "tuple",
    "set", "frozenset", "dict", "map", "filter", "zip", "reversed", "sorted", "enumerate", "range",
    "print", "input", "len", "repr", "format", "iter", "next", "sum", "min", "max", "abs", "bool",
    "object", "type", "super", "isinstance", "memoryview", "ascii", "hex", "any", "all", "__builtins__",
    "__file__", "breakpoint", "id", "hash", "callable", "execfile", "unicode", "xrange", "raw_input",
    "unichr", "reduce", "round", "property", "staticmethod", "classmethod", "#decorate", "#enter", "#flat",
})  # fmt: skip

_PREFIXES = (
    ("builtins.", ""),
    ("__builtin__.", ""),
    ("__builtins__.", ""),
    ("posix.", "os."),
    ("nt.", "os."),
    ("os.path.os.", "os."),
    ("urllib2.", "urllib.request."),
    ("urllib.urlopen", "urllib.request.urlopen"),
    ("urllib.urlretrieve", "urllib.request.urlretrieve"),
    ("urllib.urlencode", "urllib.parse.urlencode"),
    ("urllib.quote", "urllib.parse.quote"),
    ("httplib.", "http.client."),
    ("posixpath.", "os.path."),
    ("ntpath.", "os.path."),
    ("cPickle.", "pickle."),
    ("dill.", "pickle."),
    ("cloudpickle.", "pickle."),
    ("pip._vendor.requests.", "requests."),
    ("requests.api.", "requests."),
    ("requests.sessions.Session().", "requests."),
    ("requests.Session().", "requests."),
    ("requests.session().", "requests."),
    ("httpx.Client().", "httpx."),
    ("httpx.AsyncClient().", "httpx."),
    ("aiohttp.ClientSession().", "aiohttp."),
    ("urllib3.PoolManager().", "urllib3."),
    ("requests.session.", "requests."),
    ("smtplib.SMTP_SSL", "smtplib.SMTP"),
    ("ftplib.FTP_TLS", "ftplib.FTP"),
    ("imaplib.IMAP4_SSL", "imaplib.IMAP4"),
    ("http.client.HTTPSConnection", "http.client.HTTPConnection"),
    ("pathlib.PosixPath", "pathlib.Path"),
    ("pathlib.PurePath", "pathlib.Path"),
    ("codecs.open", "open"),
    ("io.open", "open"),
    ("asyncio.subprocess.", "asyncio."),
    ("sys.modules.", ""),
)


@lru_cache(maxsize=16_384)
def canonical(ref: str) -> str:
    """The one spelling of a library path."""
    for _ in range(3):
        for prefix, instead in _PREFIXES:
            if ref.startswith(prefix):
                ref = instead + ref[len(prefix) :]
                break
        else:
            break
    return ref


_HOT = frozenset({
    "AES", "CodeType", "ExtensionFileLoader", "Fernet", "FunctionType", "HTTPConnection",
    "HTTPSConnection", "ImageGrab", "Path", "Popen", "Request", "SourceFileLoader",
    "SourcelessFileLoader", "__builtins__", "__dict__", "__import__", "a2b_base64", "a2b_hex", "a2b_uu",
    "a85decode", "aiohttp", "b16decode", "b32decode", "b64decode", "b85decode", "builtins", "bytearray",
    "bytes", "cPickle", "cdll", "cffi", "chmod", "chr", "cmdclass", "compile", "copy2", "copyfile",
    "copytree", "cpu_count", "create_connection", "ctypes", "decodebytes", "decodestring", "decompress",
    "dill", "dlopen", "dns", "dup2", "environ", "environb", "eval", "exec", "execfile", "execl",
    "execle", "execlp", "execlpe", "execv", "execve", "execvp", "execvpe", "expanduser", "fernet",
    "find_spec", "fromhex", "ftplib", "get_ipython", "getaddrinfo", "getattr", "getenv", "getfqdn",
    "gethostbyaddr", "gethostbyname", "gethostbyname_ex", "gethostname", "getlogin", "getnode",
    "getoutput", "getpass", "getsitepackages", "getstatusoutput", "gettempdir", "getuid", "getuser",
    "globals", "httpx", "imp", "import_module", "loads", "locals", "makedirs", "marshal", "mkstemp",
    "modules", "move", "mss", "open", "paramiko", "pickle", "platform", "popen", "popen2", "popen3",
    "popen4", "posix_spawn", "posix_spawnp", "psutil", "pty", "pwd", "pynput", "pyperclip", "remove",
    "rename", "requests", "resolver", "reversed", "rmdir", "rmtree", "rot13", "rot_13", "run_module",
    "run_path", "runpy", "setattr", "sleep", "smtplib", "socket", "spawn", "spawnl", "spawnle",
    "spawnlp", "spawnv", "spawnve", "spawnvp", "spec_from_file_location", "startfile", "subprocess",
    "symlink", "system", "telnetlib", "uname", "unhexlify", "unlink", "urllib", "urllib2", "urllib3",
    "urlopen", "urlretrieve", "urlsafe_b64decode", "vars", "websocket", "websockets", "windll",
    "winreg", "write_bytes", "write_text", "attrgetter", "methodcaller", "resolve_name", "meta_path",
    "path_hooks", "get_data", "from_bytes", "to_bytes", "__subclasses__", "__loader__", "__globals__",
    "keyboard", "sounddevice", "pyaudio", "cv2", "pyautogui", "clipboard", "clipboard_get", "win32clipboard",
    "importlib", "read_text", "read_bytes", "atexit", "addaudithook", "translate", "extractall",
})  # fmt: skip
_WORD = re.compile(r"[A-Za-z_]\w{1,}")
_OTHER = re.compile(r"\[::-1\]|(?m:^[a-z_]\w*(?:\.\w+){1,4}[ \t]*=[ \t]*[A-Za-z_]\w*[ \t]*$)")


def hot(text: str, also: Collection[str] = ()) -> Iterator[int]:
    """Where words stand that something here acts on (or one of `also`), and two shapes that have no word."""
    words = _HOT.union(also) if also else _HOT
    for match in _WORD.finditer(text):
        if match[0] in words:
            yield match.start()
    for match in _OTHER.finditer(text):
        yield match.start()
