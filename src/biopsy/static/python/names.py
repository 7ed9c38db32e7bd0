"""Names of Python's libraries: one spelling for each thing, and the words worth looking at a file for."""

import re
from functools import lru_cache

BUILTINS = frozenset(
    [
        "exec",
        "eval",
        "compile",
        "open",
        "__import__",
        "getattr",
        "setattr",
        "delattr",
        "globals",
        "locals",
        "vars",
        "dir",
        "chr",
        "ord",
        "bytes",
        "bytearray",
        "str",
        "int",
        "float",
        "list",
        "tuple",
        "set",
        "frozenset",
        "dict",
        "map",
        "filter",
        "zip",
        "reversed",
        "sorted",
        "enumerate",
        "range",
        "print",
        "input",
        "len",
        "repr",
        "format",
        "iter",
        "next",
        "sum",
        "min",
        "max",
        "abs",
        "bool",
        "object",
        "type",
        "super",
        "isinstance",
        "memoryview",
        "ascii",
        "hex",
        "any",
        "all",
        "__builtins__",
        "__file__",
        "breakpoint",
        "id",
        "hash",
        "callable",
        "execfile",
        "unicode",
        "xrange",
        "raw_input",
        "unichr",
        "reduce",
        "round",
        "property",
        "staticmethod",
    ]
)

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


HOT = re.compile(
    r"\b(?:exec|eval|compile|__import__|import_module|getattr|globals|locals|vars|__builtins__|__dict__|builtins"
    r"|subprocess|popen\w*|system|spawn\w*|exec[lv]p?e?|startfile|environ\w*|getenv|urlopen|urlretrieve|Request"
    r"|requests|httpx|aiohttp|urllib3?|urllib2|HTTPS?Connection|socket|create_connection|gethostby\w+|getaddrinfo"
    r"|b(?:16|32|64|85)decode|a85decode|unhexlify|fromhex|a2b_\w+|decompress|rot_?13|marshal|pickle|cPickle|dill|ctypes"
    r"|cdll|windll|cffi|dlopen|gethostname|getuser|getlogin|getnode|platform|uname|sleep|expanduser|Path|open"
    r"|remove|unlink|rmtree|rename|replace_file|write_text|write_bytes|chr|fernet|Fernet|AES|setattr|modules|dns"
    r"|resolver|smtplib|ftplib|paramiko|telnetlib|websockets?|winreg|pynput|ImageGrab|mss|pyperclip|psutil|cpu_count"
    r"|cmdclass|getpass|pwd|copyfile|copy2?|move|makedirs|chmod|symlink|loads|run_path|run_module|runpy|imp"
    r"|\w+FileLoader|spec_from_file_location|find_spec|pty|dup2|FunctionType|CodeType|get_ipython)\b|\[::-1\]"
    r"|(?m:^[a-z_]\w*(?:\.\w+){1,4}[ \t]*=[ \t]*[A-Za-z_]\w*[ \t]*$)"
)
