"""Which words of a Python file can mean anything there: most only do beside what they are taken from.

`remove` is a list's method until the file imports `os`; `getattr` can only reach what is there to be reached.
A file that can import by another way than an import statement (`__import__`, `exec`, `sys.modules` …) is
given the benefit of every doubt: each word of it counts.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet

from biopsy.model.regex import regex
from biopsy.model.runs import DIGITS, LETTERS

_DEVICES = frozenset({
    "__import__", "importlib", "import_module", "builtins", "__builtins__", "__builtin__", "exec", "eval",
    "globals", "resolve_name", "__subclasses__", "__globals__", "runpy", "execfile", "imp", "modules",
    "__loader__", "spec_from_file_location", "SourceFileLoader", "FunctionType", "CodeType",
})  # fmt: skip
"""Ways to come by a library without an import statement of it."""

_ALONE = _DEVICES | frozenset({
    "ExtensionFileLoader", "HTTPConnection", "HTTPSConnection", "SourcelessFileLoader",
    "ImageGrab", "Popen", "a2b_base64", "a2b_hex", "a2b_uu",
    "a85decode", "atexit", "addaudithook", "b16decode", "b32decode", "b64decode", "b85decode", "cdll",
    "cmdclass", "compile", "create_connection", "ctypes", "decodebytes", "decodestring", "decompress",
    "dlopen", "environb", "expanduser", "extractall", "find_spec", "fromhex", "get_data", "get_ipython",
    "getfqdn", "gethostbyaddr", "gethostbyname", "gethostbyname_ex", "gethostname", "getlogin", "getnode",
    "getoutput", "getpass", "getsitepackages", "getstatusoutput", "gettempdir", "getuser", "marshal",
    "meta_path", "mkstemp", "open", "path_hooks", "posix_spawn", "posix_spawnp", "read_bytes", "read_text",
    "rot13", "rot_13", "run_module", "run_path", "startfile", "unhexlify", "urllib2", "urlopen",
    "urlretrieve", "urlsafe_b64decode", "windll", "winreg", "write_bytes", "write_text", "clipboard_get",
    "open_connection", "create_subprocess_shell", "create_subprocess_exec", "InteractiveInterpreter",
    "getusersitepackages", "unpack_archive", "clipboard_append",
})  # fmt: skip
"""Words that count wherever they stand."""

_LIBRARIES = frozenset({
    "aiohttp", "cPickle", "cffi", "clipboard", "cv2", "dill", "dns", "fernet", "ftplib", "httpx", "imp",
    "keyboard", "mss", "paramiko", "pickle", "platform", "psutil", "pty", "pwd", "pyaudio", "pyautogui",
    "pynput", "pyperclip", "requests", "smtplib", "socket", "sounddevice", "subprocess", "telnetlib",
    "urllib", "urllib3", "websocket", "websockets", "win32clipboard", "cloudscraper", "grequests", "imaplib",
    "netrc", "pexpect", "poplib", "pysftp", "send2trash", "timeit", "wget",
})  # fmt: skip
"""Words that count where they are imported."""

_SYSTEM = frozenset({"os", "posix", "nt"})
_FILES = _SYSTEM | {"shutil", "pathlib", "Path"}
_MEMBERS: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        ("execl", "execle", "execlp", "execlpe", "execv", "execve", "execvp", "execvpe", "spawnl", "spawnle",
         "spawnlp", "spawnv", "spawnve", "spawnvp", "dup2", "getuid", "popen2", "popen3", "popen4", "getenv"),
        _SYSTEM,
    ),
    **dict.fromkeys(("remove", "rename", "rmdir", "unlink", "symlink", "chmod", "makedirs"), _FILES),
    **dict.fromkeys(("copy2", "copyfile", "copytree", "move", "rmtree"), frozenset({"shutil"})),
    **dict.fromkeys(
        ("system", "popen", "uname", "cpu_count"), _SYSTEM | {"platform", "multiprocessing", "psutil"}
    ),
    "environ": _SYSTEM,
    "getenvb": _SYSTEM,
    "removedirs": _SYSTEM,
    "copy": frozenset({"shutil"}),
    "AES": frozenset({"AES", "Crypto", "Cryptodome"}),
    "Fernet": frozenset({"Fernet", "fernet", "cryptography"}),
    "spawn": _SYSTEM | {"pty", "pexpect", "wexpect"},
    "sleep": frozenset({"time", "asyncio"}),
    "loads": frozenset({"pickle", "cPickle", "marshal", "dill", "cloudpickle", "_pickle"}),
    "modules": frozenset({"sys"}),
    "Request": frozenset({"urllib", "urllib2", "six", "request"}),
    "resolver": frozenset({"dns", "aiodns", "resolver"}),
    "getaddrinfo": frozenset({"socket"}),
}  # fmt: skip
"""Words that count beside an import of what they are members of."""

_REACHING = frozenset({"getattr", "setattr", "attrgetter", "methodcaller", "vars", "locals", "__dict__"})
"""Words that count where there is anything to be reached."""

HOT = _ALONE | _LIBRARIES | _MEMBERS.keys() | _REACHING

ROOTS = _LIBRARIES | _SYSTEM | frozenset({
    "sys", "shutil", "pathlib", "builtins", "__builtin__", "importlib", "ctypes", "marshal", "base64",
    "zlib", "binascii", "codecs", "runpy", "types", "asyncio", "http", "httplib", "urllib2", "tempfile",
    "getpass", "code", "winreg", "PIL", "pip", "setuptools", "distutils", "multiprocessing", "pexpect",
    "commands", "bz2", "lzma", "gzip",
})  # fmt: skip
"""Modules that are worth reaching into, or taking from another file that imported them."""

_WORD = regex(r"[A-Za-z_]\w*")
_BLANKED = bytes(at if chr(at) in f"{LETTERS}{DIGITS}_" else 32 for at in range(256))
"""What of ASCII no word is made of becomes a blank."""
_PATCHED = regex(r"(?m)\n[a-z_]\w*(?:\.\w+){1,4}[ \t]*=[ \t]*[A-Za-z_]\w*[ \t]*$")
_BUILTINS = regex(r"\bbuiltins?\b")
_FREE = {
    "exec": regex(r"(?<![\w.])(?<!def )exec\b(?!\w*\s*=[^=])"),
    "eval": regex(r"(?<![\w.])(?<!def )eval\b"),
    "compile": regex(r"(?<![\w.])(?<!def )compile\b"),
}
_OPEN = regex(r"(?<![\w.])(?<!def )open\b(?![ ]+(?!if\b|and\b|or\b|for\b|in\b|else\b)\w)|(?<=\bos\.)open\b")
_OPENERS = frozenset({
    "pathlib", "Path", "gzip", "bz2", "lzma", "codecs", "io", "aiofiles", "tarfile", "shelve", "zipfile",
    "dbm", "sqlite3", "anyio", "builtins", "urllib", "tempfile", "importlib", "pkgutil",
})  # fmt: skip
_URLLIB = regex(r"\burllib\b(?!\.(?:parse|error|response|robotparser)\b)")
_OWN = regex(r"\bgetattr\s*\(\s*[\w.]+\s*,\s*(['\"])(\w+)\1\s*[,)]|[gs]etattr\s*\(\s*(?:self|cls)\s*,")


class Words:
    """The words that count in one text; `imported` are those of its import statements.

    `aliases` are names of its own for what counts.
    """

    def __init__(
        self,
        text: str,
        imported: Collection[str],
        aliases: Collection[str] = (),
        held: AbstractSet[str] | None = None,
    ) -> None:
        """Look at the text as a whole; `held` are all words of it, where they are known."""
        self._text = text
        counts = set((spelt(text) if held is None else held) & HOT)
        for word, shape in _FREE.items():
            if word in counts and not _stands(word, shape, text) and not _named_builtins(text):
                counts.discard(word)
        given = set(imported)
        if "imp" not in given:
            counts.discard("imp")
        if "modules" in counts and "sys" not in given:
            counts.discard("modules")
        if not counts & _DEVICES:
            counts = {w for w in counts if _reached(w, text, given)}
        self.counts = frozenset(counts).union(aliases)
        self._harmless = {
            at
            for word in ("getattr", "setattr")
            if word in counts
            for at in _places(text, word)
            if (match := _OWN.match(text, at)) and (match[2] is None or match[2] not in HOT)
        }
        # What is sought begins with a fixed text, which is found many times as fast as the start of a line.
        self.patches = [m.start() for m in _PATCHED.finditer(f"\n{text}")]

    def hot(self, also: Mapping[str, frozenset[str]] | None = None) -> Iterator[int]:
        """Where they stand, and where one of `also` does: with one of these attributes, or any."""
        for word in self.counts:
            yield from (at for at in _places(self._text, word) if at not in self._harmless)
        for word, attributes in (also or {}).items():
            if word in self.counts:
                continue
            for at in _places(self._text, word):
                if not attributes or _attribute(self._text, at + len(word)) in attributes:
                    yield at
        yield from self.patches


class Spelling:
    """The words of a text. Of ASCII they are cut out at the speed of a copy, not by a pattern."""

    def __init__(self, text: str) -> None:
        """Look at the text as a whole; `all` are its words, each once."""
        self._text, self._blank = text, ""
        if text.isascii():
            self._blank = text.encode("ascii").translate(_BLANKED).decode("ascii")
        self.all = set(self._blank.split())
        numbers = [word for word in self.all if word < "A"]
        self.all.difference_update(numbers)
        self._glued = {
            number: words for number in numbers if (words := _WORD.findall(number))
        }  # as in `0x1f`
        self.all.update(*self._glued.values())
        if not self._blank:
            self.all.update(_WORD.findall(text))

    def between(self, start: int, end: int) -> set[str]:
        """The words of a part, and maybe numbers."""
        if not self._blank:
            return set(_WORD.findall(self._text, start, end))
        held = set(self._blank[start:end].split())
        for number in self._glued.keys() & held if self._glued else ():
            held.update(self._glued[number])
        return held


def spelt(text: str) -> set[str]:
    """The words of a text, each once."""
    return Spelling(text).all


def _stands(word: str, shape: re.Pattern[str], text: str) -> bool:
    """Whether a word stands somewhere in a shape that begins with it."""
    at = text.find(word)
    while at >= 0:
        if shape.match(text, at):
            return True
        at = text.find(word, at + 1)
    return False


def _named_builtins(text: str) -> bool:
    return "builtin" in text and _BUILTINS.search(text) is not None


def _places(text: str, word: str) -> Iterator[int]:
    """Where a word stands as one."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        before, after = text[at - 1 : at], text[end : end + 1]
        if not (before == "_" or before.isalnum() or after == "_" or after.isalnum()):
            yield at
        at = text.find(word, end)


def _attribute(text: str, at: int) -> str:
    match = _DOTTED.match(text, at)
    return match[1] if match else ""


_DOTTED = regex(r"\s*\.\s*(\w+)")


def _reached(word: str, text: str, given: set[str]) -> bool:
    """Whether a word counts in a file that imports by statements alone."""
    if word == "open":
        return _stands("open", _OPEN, text) or not given.isdisjoint(_OPENERS)
    if word == "urllib":
        return word in given and _URLLIB.search(text) is not None
    if word in _ALONE:
        return True
    if word in _LIBRARIES:
        return word in given
    if word == "setattr":  # what any module has may be replaced
        return bool(given)
    if word in _REACHING:
        return not given.isdisjoint(ROOTS)
    return not given.isdisjoint(_MEMBERS[word])


__all__ = ["HOT", "ROOTS", "Spelling", "Words", "spelt"]
