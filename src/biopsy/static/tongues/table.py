"""The data file of a language, read and made ready for looking things up."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files

from msgspec import Struct, convert, field

from biopsy.model.regex import regex

_WORD = regex(rb"[A-Za-z_]\w*")
_PLAIN = frozenset(
    {
        "self",
        "same",
        "either",
        "next",
        "quiet",
        "fold",
        "length",
        "join",
        "format",
        "path",
        "expand",
        "text",
        "content",
        "first",
        "pairs",
        "builder",
        "give",
        "later",
        "collect",
        "more",
        "pack",
        "fill",
        "put",
        "start",
        "property",
        "each",
        "callback",
        "named",
        "member",
        "instance",
        "seconds",
        "thread",
        "as",
        "convert",
        "reversed_in_place",
        "address",
        "option",
        "pipe",
        "pipe_to",
        "pipe_from",
        "wide_text",
        "ps_each",
        "ps_path",
    }
)
"""Effects that say nothing by themselves: a file with no others has nothing to tell."""
_MADE = frozenset(
    {
        "command",
        "socket",
        "file",
        "http",
        "response",
        "prepared",
        "content",
        "process",
        "easy",
        "options",
        "writable",
    }
)
"""What effects make: whoever uses one has made one before."""
_HEAD = regex(r"^(language|suffixes|files): (.*)$", re.MULTILINE)
MAX_HEAD = 2000  # characters of a table in which it says which files are its
MAX_REF = 200  # characters of a library path that is looked up


class Runs(Struct, frozen=True, forbid_unknown_fields=True):
    """Functions that run by themselves, by name or by a mark that stands before them."""

    installs_of: tuple[str, ...] = ()  # classes and interfaces of which an installer calls whatever they have

    load: tuple[str, ...] = ()  # when the file is loaded
    main: tuple[str, ...] = ()  # when the file is the program
    installs: tuple[str, ...] = ()  # methods that an installer calls, in a file that runs at installation
    marked_load: tuple[str, ...] = ()  # those under such an attribute, when it is loaded
    marked_install: tuple[str, ...] = ()  # …and when whoever uses it is built


class Table(Struct, forbid_unknown_fields=True):
    """One language. Names of library functions are written as they are in code, with `.` between words."""

    language: str
    grammar: str  # the module that has it, and its function where that is not `language`
    suffixes: tuple[str, ...]
    nodes: dict[str, str]
    calls: dict[str, list[str]]
    files: tuple[str, ...] = ()  # whole names of files
    layer: str = ""  # the grammar's function for a piece of code that was found inside a text
    values: dict[str, list[str]] = {}
    methods: dict[str, str] = {}  # what methods of texts and lists are called in `code.methods`
    prefixes: dict[str, str] = {}  # other spellings of library paths
    variables: str = ""  # query for names that are variables, where a bare name may also be a call
    bare_calls: bool = False  # …which it is where no variable is so called
    ignore_case: bool = False
    gives_last: bool = False  # a function gives its last expression
    whole_namespaces: bool = False  # an import may take over all names, so that roots are known by case
    content: tuple[str, ...] = ()  # nodes that are text as it stands, inside literals
    escapes: tuple[str, ...] = ()  # nodes that are one escape inside literals
    names: tuple[str, ...] = ()  # nodes that are plain names, where a name may also be computed
    through: tuple[str, ...] = ()  # words of a path that stand for this package
    autoloads: bool = False  # a class stands in a file of its name, which is loaded when it is asked for
    whole_texts: bool = False  # `map` of a text is of the text, and not of its characters
    joins: str = ","  # what stands between the items of a list that is joined by nothing said
    blocks: bool = False  # a call may be given a block, which `yield` runs
    prompts: bool = False  # it is written as commands, which may be programs
    flags: tuple[str, ...] = ()  # options of commands that take no value
    bare_fields: bool = False  # an object's fields go by their names alone
    hoists: bool = True  # functions are known before they are written
    reopens: bool = False  # a class may be written in several pieces
    passing: tuple[str, ...] = ()  # fields of library objects that are as good as the object
    own: tuple[str, ...] = ()  # what a class calls itself inside
    makers: tuple[str, ...] = ()  # names of constructors
    self: tuple[str, ...] = ("self", "this")
    append_to: tuple[str, ...] = ()  # nodes of an index that, without a key, adds to a list
    statics: tuple[str, ...] = ()  # beginnings of names that outlive a function
    runs: Runs = Runs()
    words: tuple[str, ...] = ()  # more that make a file worth following
    odd: tuple[str, ...] = ()  # …and patterns of code that computes what it calls
    effects: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    telling: set[bytes] = field(default_factory=set)
    strange: "re.Pattern[bytes] | None" = None

    def ready(self) -> None:
        """Turn the lists round."""
        for effect, names in self.calls.items():
            for name in names:
                self.effects[self.spelled(name)] = effect
        for what, names in self.values.items():
            for name in names:
                self.constants[self.spelled(name)] = what
        telling = [
            n
            for n, e in self.effects.items()
            if e.split()[0] not in _PLAIN and n.partition(".")[0] not in _MADE
        ]
        for name in (*telling, *self.constants, *self.words):
            word = _WORD.search(name.rpartition(".")[2].encode())
            if word is not None and len(word[0]) > 1:
                self.telling.add(word[0].lower() if self.ignore_case else word[0])
        marks = [re.escape(n) for n in telling if not _WORD.search(n.encode())]
        if odd := "|".join([*marks, *self.odd]):
            self.strange = regex(odd.encode(), re.IGNORECASE if self.ignore_case else 0)

    def hot(self, data: bytes) -> Iterator[int]:
        """Where words stand that are acted on."""
        for match in _WORD.finditer(data):
            if (match[0].lower() if self.ignore_case else match[0]) in self.telling:
                yield match.start()
        if self.strange is not None:
            yield from (m.start() for m in self.strange.finditer(data))

    def spelled(self, name: str) -> str:
        """A name as it is looked up."""
        return name.lower() if self.ignore_case and name[:1] != "$" else name

    @lru_cache(maxsize=8192)  # noqa: B019 - tables live as long as the process
    def effect(self, ref: str) -> str:
        """What calling a library path does; empty where nothing is known of it.

        It is known by its end, so that it may stand in any namespace; one word alone only as a whole.
        """
        if len(ref) > MAX_REF:
            return ""
        for prefix, instead in self.prefixes.items():
            if ref.startswith(prefix):
                ref = instead + ref[len(prefix) :]
        if (known := self.effects.get(ref)) is not None:
            return known
        words = ref.split(".")
        for at in range(1, len(words) - 1):
            if (known := self.effects.get(".".join(words[at:]))) is not None:
                return known
        return self.effects.get("." + words[-1], "") if len(words) > 1 else ""

    def __hash__(self) -> int:
        """Of its name."""
        return hash(self.language)


@cache
def tables() -> dict[str, Table]:
    """All languages that have a data file, by name."""
    import yaml  # noqa: PLC0415 - a start must not bring it

    loader, found = getattr(yaml, "CSafeLoader", yaml.SafeLoader), {}
    for file in sorted(files(__package__).iterdir(), key=lambda f: f.name):
        if file.name.endswith(".yml"):
            table = convert(yaml.load(file.read_text("utf-8"), loader), Table)  # noqa: S506 - a safe loader
            table.ready()
            found[table.language] = table
    return found


@cache
def _endings() -> tuple[dict[str, str], dict[str, str]]:
    """Languages by the ends of files' names, and by whole names: of each table only its head is looked at."""
    ends: dict[str, str] = {}
    whole: dict[str, str] = {}
    for file in files(__package__).iterdir():
        if file.name.endswith(".yml"):
            head = dict(_HEAD.findall(file.read_text("utf-8")[:MAX_HEAD]))
            for known, listed in ((ends, head.get("suffixes", "")), (whole, head.get("files", ""))):
                known.update(dict.fromkeys(listed.strip("[]").replace(",", " ").split(), head["language"]))
    return ends, whole


@cache
def languages() -> frozenset[str]:
    """Every language that has a table."""
    ends, whole = _endings()
    return frozenset({*ends.values(), *whole.values()})


def language_of(path: str, suffix: str) -> str:
    """The language of a file by its name; empty where no table knows it."""
    ends, whole = _endings()
    return ends.get(suffix, "") or whole.get(path.rpartition("/")[2], "")
