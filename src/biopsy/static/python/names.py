"""Names of Python's libraries: one spelling for each thing."""

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
