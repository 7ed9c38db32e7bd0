"""The words of Python by which a test or a document is worth following."""

from biopsy.model.regex import regex
from biopsy.static.code.aside import Strong
from biopsy.static.python.parse import text
from biopsy.static.python.telling import spelt
from biopsy.static.sight import Source

_STRONG = Strong(
    evaluates=frozenset({
        "exec", "eval", "execfile", "compile", "__import__", "import_module", "builtins", "__builtins__",
        "__builtin__", "__globals__", "__subclasses__", "FunctionType", "CodeType", "InteractiveInterpreter",
        "run_path", "run_module", "marshal",
    }),
    starts=frozenset({
        "ctypes", "cffi", "dlopen", "subprocess", "Popen", "system", "popen", "getoutput", "getstatusoutput",
        "posix_spawn", "execv", "execve", "execvp", "execvpe", "execl", "execlp", "spawnl", "spawnv",
        "spawnvp", "pty", "pexpect", "startfile", "create_subprocess_shell", "create_subprocess_exec",
        "pickle", "cPickle", "_pickle", "dill", "cloudpickle",
    }),
    sends=frozenset({
        "requests", "urllib", "urllib2", "urllib3", "urlopen", "urlretrieve", "httpx", "aiohttp", "httplib",
        "HTTPConnection", "HTTPSConnection", "socket", "websocket", "websockets", "ftplib", "smtplib",
        "telnetlib", "paramiko", "pysftp", "wget", "cloudscraper", "grequests", "open_connection",
        "create_connection", "gethostbyname", "getaddrinfo",
    }),
    decodes=frozenset({
        "b64decode", "urlsafe_b64decode", "standard_b64decode", "b32decode", "b16decode", "b85decode",
        "a85decode", "a2b_base64", "a2b_hex", "a2b_uu", "unhexlify", "fromhex", "decodebytes",
        "decodestring", "decompress", "rot13", "rot_13", "marshal", "Fernet", "AES", "chr", "unicode_escape",
    }),
    secrets=frozenset({
        "environ", "environb", "getenv", "expanduser", "getpass", "getuser", "getlogin", "gethostname",
        "getnode", "getfqdn", "uname", "keyring", "id_rsa", "id_ed25519", "pypirc", "npmrc", "clipboard_get",
        "pyperclip", "ImageGrab", "pynput",
    }),
)  # fmt: skip
_PICKLES = frozenset({"pickle", "cPickle", "_pickle", "dill", "cloudpickle"})
_PICKLED = regex(r"\\x80|['\"(]c[\w.]{1,60}(?:\\n|\n)")
"""How a literal that is a pickle begins: with its protocol, or with what it calls."""


def stands(source: Source) -> bool:
    """Whether both ends of anything strong stand in a source."""
    if source.language != "python":
        return False
    words = spelt(said := text(source))
    return _STRONG.stands(words) or (not _PICKLES.isdisjoint(words) and _PICKLED.search(said) is not None)
