"""Programs that use what a crate offers: its functions named, or called with plausible arguments; its macros.

What is public is found by reading, not by compiling; what then does not compile is taken out, and the rest is
tried again.
"""

import importlib
import json
import os
import re
import sys
import time


HERE = os.path.dirname(os.path.abspath(__file__))


def sibling(name):
    """Import a module that lies beside this file and may import others there; leave no trace of that."""
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.append(HERE)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(HERE)
        sys.dont_write_bytecode = written


made_up = sibling("pymade")
reach = sibling("cratereach")

MAX_ITEMS = 120
MAX_FILES = 200
MAX_DEPTH = 6
MAX_TEXT = 512 * 1024
ROUNDS = 4  # compilations of one program
MAX_STARTS = 8  # of the program that calls: what ends the process is left out the next time

MAKERS = ("new", "default", "create", "builder", "open", "from_env", "init")

_NOISE = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_ITEM = re.compile(
    r"(?P<hidden>#\[cfg\(test\)\]\s*)?\bpub\s+(?:(?:async|const|unsafe|extern\s+\"C\")\s+)*"
    r"(?:fn\s+(?P<fn>\w+)\s*(?P<generic><[^(){};]{0,200}>)?\s*\((?P<args>[^{}]{0,600}?)\)\s*(?P<back>->[^{};]{1,300})?\s*(?:where[^{;]{0,300})?[{;]"
    r"|mod\s+(?P<mod>\w+)\s*(?P<open>[{;])|(?:struct|enum|trait)\s+(?P<type>\w+))"
)
_IMPL = re.compile(r"\bimpl(?:<[^{}]{0,100}?>)?\s+(?P<type>\w+)(?:<[^{}]{0,100}?>)?\s*\{")
_METHOD = re.compile(
    r"\bpub\s+(?:const\s+)?fn\s+(?P<fn>\w+)\s*(?P<generic><[^(){};]{0,200}>)?\s*\((?P<args>[^{}]{0,600}?)\)"
)

_VALUES = (
    (r"&(?:'\w+ )?(?:mut )?str", "{text}"),
    (r"(?:std::string::)?String", "{text}.to_string()"),
    (r"&(?:'\w+ )?String", "&{text}.to_string()"),
    (r"&(?:'\w+ )?\[u8\]", "{text}.as_bytes()"),
    (r"&(?:'\w+ )?mut String", "&mut String::new()"),
    (r"&(?:'\w+ )?mut Vec<u8>", "&mut Vec::new()"),
    (r"Vec<u8>", "{text}.as_bytes().to_vec()"),
    (r"Vec<String>", "vec![{text}.to_string()]"),
    (r"&(?:'\w+ )?\[&(?:'\w+ )?str\]", "&[{text}, {text}]"),
    (r"&(?:'\w+ )?\[String\]", "&[{text}.to_string()]"),
    (r"&(?:'\w+ )?\[\w+\]", "&[Default::default()]"),
    (r"Option<&(?:'\w+ )?str>", "Some({text})"),
    (r"Option<String>", "Some({text}.to_string())"),
    (r"[iu](?:8|16|32|64|128|size)", "3"),
    (r"f(?:32|64)", "1.5"),
    (r"bool", "true"),
    (r"char", "'a'"),
    (r"(?:std::time::)?Duration", "std::time::Duration::from_millis(5)"),
    (r"&(?:'\w+ )?(?:std::path::)?Path", "std::path::Path::new({path})"),
    (r"(?:std::path::)?PathBuf", "std::path::PathBuf::from({path})"),
    (r"impl AsRef<(?:std::path::)?Path>(?: \+ .*)?", "{path}"),
    (r"impl (?:Into<[\w:]+>|AsRef<(?:str|\[u8\]|OsStr)>|ToString|Display)(?: \+ .*)?", "{text}"),
    (r"impl (?:IntoIterator|Iterator)<.*", "std::iter::empty()"),
    (r"&(?:'\w+ )?mut .*", "&mut Default::default()"),
    (r"&.*", "&Default::default()"),
)


class Item:
    """Something that is public: `path` below the crate, what it takes, and of a method its type."""

    def __init__(self, path, args, of=""):
        """Keep them."""
        self.path, self.args, self.of = path, args, of
        self.own = [one for one in args if not re.fullmatch(r"&?(?:'\w+ )?(?:mut )?self(?:\s*:.*)?", one)]
        self.method = len(self.own) != len(args)
        self.generic = any("impl " in one for one in args)
        self.maker = None


def named(number, item, crate):
    """Give a line that names a function, so that it is linked."""
    if item.method or item.generic:
        return ""
    return f"std::hint::black_box({crate}::{item.path} as usize);"


def called(number, item, crate):
    """Give a line that calls a function."""
    given = ", ".join(map(value, item.own))
    if item.method:
        target = f"{made(crate, item)}.{item.path.rpartition('::')[2]}"
    else:
        target = f"{crate}::{item.path}"
    call = f"let _ = std::hint::black_box({target}({given}));"
    return (
        f"if begin({number}) {{ let _ = std::panic::catch_unwind(|| {{ {call} }}); "
        f'println!("called {item.path}"); }}'
    )


def made(crate, item):
    """Give an expression that makes a value of a method's type: by its own constructor, where it has one."""
    maker = item.maker
    if maker is None:
        return f"make::<{crate}::{item.of}>()"
    return f"{crate}::{maker.path}({', '.join(map(value, maker.own))})"


def value(parameter):
    """Give an argument for a parameter, by its type; texts by its name too."""
    name, _, kind = parameter.partition(":")
    told = made_up.by_name(name.strip().removeprefix("mut ").lstrip("_"))
    path = told if isinstance(told, str) and os.path.exists(told) else made_up.decoys()
    words = {"{text}": told if isinstance(told, str) else made_up.WORDS, "{path}": str(path)}
    for pattern, text in _VALUES:
        if re.fullmatch(pattern, kind.strip()):
            for word, given in words.items():
                text = text.replace(word, json.dumps(given, ensure_ascii=False))
            return text
    return "Default::default()"


def split(text):
    """Part arguments at the commas that stand in no brackets."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in "(<[") - (letter in ")]" or (letter == ">" and text[at - 1 : at] != "-"))
        if letter == "," and depth <= 0:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return [" ".join(part.split()) for part in parts if part.strip()]


def sources(path, depth=0):
    """Give the text of a file without comments; an empty one where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return _NOISE.sub("", file.read(MAX_TEXT))
    except OSError:
        return ""


def items(first):
    """Find the public functions and methods that a crate offers: of its public modules, and what it exports again."""
    found, queue, seen = [], [(first, "", os.path.dirname(first))], 0
    hidden, exported = [], []
    while queue and len(found) < MAX_ITEMS and seen < MAX_FILES:
        path, prefix, folder = queue.pop(0)
        seen += 1
        text = sources(path)
        tests = text.find("#[cfg(test)]")
        text = text[:tests] if tests >= 0 else text
        inside = spans(text)
        exported += reach.uses(text, prefix)
        for match in reach.PRIVATE.finditer(text):
            if not match["test"] and prefix.count("::") < MAX_DEPTH:
                hidden.append(f"{prefix}{match['mod']}")
                queue += files(folder, match["mod"], prefix)
        for match in _ITEM.finditer(text):
            if match["hidden"]:
                continue
            if match["mod"]:
                if match["open"] == ";" and prefix.count("::") < MAX_DEPTH:
                    queue += files(folder, match["mod"], prefix)
            elif match["fn"]:
                of = within(inside, match.start())
                if of is None:
                    continue
                kind, name = of
                whole = f"{prefix}{name}::{match['fn']}" if name else f"{prefix}{match['fn']}"
                one = Item(whole, split(match["args"]), f"{prefix}{name}" if name else "")
                one.generic = one.generic or bool(match["generic"])
                found.append(one)
    found = [one for one in found if shown(one, hidden, exported)]
    makers = {}
    for one in found:
        if one.of and not one.method and one.path.rpartition("::")[2] in MAKERS:
            makers.setdefault(one.of, one)
    for one in found:
        one.maker = makers.get(one.of)
    return found[:MAX_ITEMS]


def files(folder, name, prefix):
    """Give where a module's file lies, with its prefix and the folder of its own modules."""
    places = (os.path.join(folder, f"{name}.rs"), os.path.join(folder, name, "mod.rs"))
    below = os.path.join(folder, name)
    return [(one, f"{prefix}{name}::", below) for one in places if os.path.isfile(one)]


def shown(item, hidden, exported):
    """Give an item the path by which others reach it; say whether there is one."""
    item.path = reach.public(item.path, hidden, exported)
    if item.of:
        item.of = item.path.rpartition("::")[0]
    return bool(item.path)


def spans(text):
    """Give where blocks begin and end that names stand in: of types, and of modules."""
    blocks = []
    for match in _IMPL.finditer(text):
        blocks.append((match.end(), closing(text, match.end()), "impl", match["type"]))
    for match in re.finditer(r"\bpub\s+mod\s+(\w+)\s*\{", text):
        blocks.append((match.end(), closing(text, match.end()), "mod", match[1]))
    for match in re.finditer(
        r"(?<!pub )\bmod\s+\w+\s*\{|\btrait\s+\w+[^{;]{0,200}\{|\bimpl\b[^{;]{0,200}\bfor\b[^{;]{0,200}\{",
        text,
    ):
        blocks.append((match.end(), closing(text, match.end()), "shut", ""))
    return blocks


def closing(text, start):
    """Find the brace that closes a block."""
    depth = 1
    for match in re.compile(r"[{}]").finditer(text, start):
        depth += 1 if match[0] == "{" else -1
        if not depth:
            return match.start()
    return len(text)


def within(blocks, at):
    """Say in which type or module a place is: its path; None where nobody can reach it."""
    around = sorted(one for one in blocks if one[0] <= at < one[1])
    if any(kind == "shut" for _, _, kind, _ in around):
        return None
    return (around[-1][2] if around else ""), "::".join(name for _, _, _, name in around)


def program(lines):
    """Write a program of one line for each item; started with a number, it begins after what it did before."""
    head = (
        "#![allow(warnings)]\n"
        "fn make<T: Default>() -> T { T::default() }\n"
        "fn begin(number: usize) -> bool {\n"
        '    let done = std::fs::read_to_string(".calls").unwrap_or_default();\n'
        "    if done.split_whitespace().any(|one| one == number.to_string()) { return false; }\n"
        '    let _ = std::fs::write(".calls", format!("{done} {number}"));\n'
        "    true\n}\n"
        "fn main() {\n"
    )
    return head + "".join(f"    {line}\n" for line in lines) + '    println!("all called");\n}\n'


def build(crate, write, cargo, name, line, end):
    """Build a program that uses every item; what the compiler does not take is left out. Say whether any is in it."""
    every = items(crate.first)
    path = "src/main.rs" if name == "app" else f"src/bin/{name}.rs"
    used = f"use {crate.name} as _;"
    lines = [text for number, item in enumerate(every) if (text := line(number, item, crate.name))]
    for _ in range(ROUNDS):
        text = program(lines).replace("fn make<", f"{used}\nfn make<", 1)
        write(path, text)
        argv = ["build", "--offline", "--bin", name, "--message-format=short"]
        left = end - time.monotonic()
        if left < 3:
            return False
        status, _, output = cargo(f"cargo build {name}", argv, left, told=False)
        if status == "completed":
            return bool(lines)
        wrong = {int(number) for number in re.findall(rf"{re.escape(path)}:(\d+):\d+: error", output)}
        first = text.split("\n").index("fn main() {") + 2
        kept = [one for number, one in enumerate(lines) if number + first not in wrong]
        if len(kept) == len(lines):
            kept = []  # it is something else that does not compile
        if not lines:
            return False
        lines = kept
    return False


def macros(folder, crate):
    """Give programs that use the macros of a crate, each with a label."""
    found = []
    for above, _, names in os.walk(os.path.join(folder, "src")):
        for name in sorted(names)[:MAX_FILES]:
            text = sources(os.path.join(above, name)) if name.endswith(".rs") else ""
            for match in re.finditer(r"#\[proc_macro_derive\(\s*(\w+)", text):
                body = f"#[derive({crate}::{match[1]})]\npub struct Thing {{\n    pub name: String,\n    pub size: u32,\n}}\n"
                found.append((f"derive {match[1]}", body))
            for match in re.finditer(
                r"#\[proc_macro(_attribute)?\]\s*(?:#\[[^\]]*\]\s*)*pub\s+fn\s+(\w+)", text
            ):
                if match[1]:
                    found.append((f"attribute {match[2]}", f"#[{crate}::{match[2]}]\npub fn thing() {{}}\n"))
                else:
                    found.append((f"macro {match[2]}", f"fn thing() {{\n    {crate}::{match[2]}!();\n}}\n"))
    return [(label, f"#![allow(warnings)]\n{body}\nfn main() {{}}\n") for label, body in found]
