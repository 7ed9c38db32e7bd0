"""Names of Node's and browsers' libraries: one spelling for each; and the words worth reading a file for."""

from collections.abc import Collection, Iterator
from functools import lru_cache

from biopsy.model.regex import places, regex
from biopsy.model.runs import DIGITS, LETTERS

BUILTINS = frozenset({
    "require", "process", "Buffer", "eval", "Function", "fetch", "atob", "btoa", "setTimeout",
    "setInterval", "setImmediate", "queueMicrotask", "JSON", "Object", "Array", "String", "Number",
    "Math", "Promise", "parseInt", "parseFloat", "decodeURIComponent", "encodeURIComponent", "unescape",
    "escape", "global", "globalThis", "window", "self", "module", "exports", "navigator", "document",
    "WebSocket", "XMLHttpRequest", "import", "Reflect", "Symbol", "WebAssembly", "Uint8Array",
    "TextDecoder", "TextEncoder", "URL", "URLSearchParams", "console", "Error", "Date", "RegExp", "Bun",
    "Deno", "#range", "#interop", "__exportStar", "super", "Proxy", "Map", "Set", "setup", "Worker",
    "FormData", "Blob", "File", "Headers", "WeakMap", "WeakSet", "EventTarget", "#extends",
})  # fmt: skip
"""What has a meaning without being bound."""

GIVEN = frozenset({
    "require", "process", "Buffer", "global", "__dirname", "__filename",
})  # fmt: skip
"""What wrappers of modules pass as parameters of the same name."""

_PREFIXES = (
    ("globalThis.", ""),
    ("global.", ""),
    ("window.", ""),
    ("self.", ""),
    ("process.mainModule.require", "require"),
    ("module.require", "require"),
    ("module.constructor._load", "require"),
    ("module._load", "require"),
    ("Module._load", "require"),
    ("module.prototype._compile", "module._compile"),
    ("module.constructor.prototype._compile", "module._compile"),
    ("module.Module.", "module."),
    ("globalThis.process.", "process."),
    ("process.global.", ""),
    ("process.getBuiltinModule", "require"),
    ("undici.fetch", "fetch"),
    ("got.extend().", "got."),
    ("got.default", "got"),
    ("tslib.__", "__"),
    ("node:", ""),
    ("fs/promises.", "fs."),
    ("fs.promises.", "fs."),
    ("fs-extra.", "fs."),
    ("graceful-fs.", "fs."),
    ("process.binding", "require"),
    ("dns/promises.", "dns."),
    ("dns.promises.", "dns."),
    ("stream/promises.", "stream."),
    ("stream.promises.", "stream."),
    ("timers.", ""),
    ("timers/promises.", ""),
    ("https.", "http."),
    ("follow-redirects.http.", "http."),
    ("follow-redirects.https.", "http."),
    ("node-fetch", "fetch"),
    ("cross-fetch", "fetch"),
    ("isomorphic-fetch", "fetch"),
    ("undici.fetch", "fetch"),
    ("buffer.Buffer", "Buffer"),
    ("axios.create().", "axios."),
    ("path/posix.", "path."),
    ("path.posix.", "path."),
    ("path.win32.", "path."),
    ("child_process.default.", "child_process."),
    ("process.process.", "process."),
)


@lru_cache(maxsize=16_384)
def canonical(ref: str) -> str:
    """The one spelling of a library path."""
    ref = ref.replace(".default.", ".").removesuffix(".default")
    if ref.endswith("._compile"):
        return "module._compile"
    for _ in range(4):
        for prefix, instead in _PREFIXES:
            if ref.startswith(prefix) and ref != instead:
                ref = instead + ref[len(prefix) :]
                break
        else:
            break
    return ref


_HOT = regex(
    rb"child_process|execSync|execFile\w*|spawn(?:Sync)?|exec|fork|execa|shelljs|eval|Function|constructor|vm"
    rb"|runIn\w*Context|_compile|process|homedir|hostname|userInfo|networkInterfaces|cpus|totalmem|fs|readFile\w*"
    rb"|writeFile\w*|appendFile\w*|createWriteStream|unlink\w*|rmSync|https?|fetch|axios|got|undici|net|tls|dgram|dns"
    rb"|resolve(?:4|6|Txt|Any)?|XMLHttpRequest|WebSocket|sendBeacon|base64|hex|atob|unescape|fromCharCode|gunzip\w*"
    rb"|inflate\w*|createDecipher\w*|setTimeout|setInterval|setImmediate|require|import|globalThis|global"
    rb"|Bun|Deno|request|superagent|needle|ethers|ethereum|solana|web3|eth_call|eth_sendTransaction|signTransaction|dlopen|WebAssembly|clipboard\w*|puppeteer"
)
_WORDLY = f"{LETTERS}{DIGITS}_".encode()
_BLANKED = bytes(at if at in _WORDLY else 32 for at in range(256))


def spelt(data: bytes) -> set[str]:
    """The words of a script, each once."""
    return {word.decode("latin-1") for word in set(data.translate(_BLANKED).split())}


def hot(data: bytes, also: Collection[bytes] = ()) -> Iterator[int]:
    """Where words stand that something acts on, and those of `also`."""
    # What no word is made of becomes a blank.
    blank = b" %b " % data.translate(_BLANKED)
    for word in set(blank.split()):
        if word in also or _HOT.fullmatch(word):
            yield from places(blank, b" %b " % word)
    for part in (b"_0x", b"\\x"):
        yield from places(data, part)


_PLAIN = (
    b"child_process", b"execSync", b"execFileSync", b"new Function", b"process.env", b"process[", b"homedir",
    b"hostname", b"userInfo", b"networkInterfaces", b"totalmem", b"XMLHttpRequest", b"WebSocket",
    b"sendBeacon", b"fromCharCode", b"clipboard", b"iohook", b"global-key-listener", b"screenshot-desktop",
    b"desktop-capture", b"node-webcam", b"_0x", b"globalThis[", b"global[", b"process.binding", b"dlopen",
    b"Bun.", b"Deno.", b"mainModule", b"eth_sendTransaction", b"signTransaction",
)  # fmt: skip
"""What tells something wherever it stands."""

_SHAPED = {
    b"spawn": regex(rb"\bspawn"),
    b"eval": regex(rb"\beval\b"),
    b"Function": regex(rb"\bFunction\s*\("),
    b"vm": regex(rb"\bvm\b"),
    b"_compile": regex(rb"_compile\b"),
    b"cpus": regex(rb"\bcpus\b"),
    b"fetch": regex(rb"\bfetch\s*\("),
    b"base64": regex(rb"(?<=['\"])base64['\"]"),
    b"hex": regex(rb"(?<=['\"])hex['\"]"),
    b"atob": regex(rb"\batob\b"),
    b"unescape": regex(rb"\bunescape\b"),
    b"constructor": regex(rb"\bconstructor['\"`\])]|(?<=\.)constructor\s*\("),
    b"import": regex(rb"import\s*\(\s*[^'\"\s)]|\bimport\s*\(\s*['\"`](?:data:|[^'\"`\n\\]{0,99}\\[xu0-7])"),
    b"require": regex(
        rb"require\s*\(\s*(?:[^'\"\s)]|['\"`](?:[^'\"`\n]{0,40}['\"`]\s*[+.]|[^'\"`\n\\]{0,99}\\[xu0-7]))"
    ),
    b"[": regex(rb"\[\s*['\"`]\w{1,20}['\"`]\s*\+"),
}
"""What only tells something in a shape, which begins with it."""

_QUOTED = regex(
    rb"['\"`](?:node:)?(?:fs|os|net|tls|dgram|dns|https?|vm|fs/promises|fs-extra|axios|got|undici|node-fetch|request"
    rb"|superagent|needle|ws|execa|shelljs|module|worker_threads|inspector)['\"`]"
)


def telling(data: bytes) -> bool:
    """Whether a file holds anything that makes it worth lowering at all.

    Fixed texts are looked for one after the other: one pattern for all of them takes ten times as long.
    """
    return (
        any(map(data.__contains__, _PLAIN))
        or _QUOTED.search(data) is not None
        or any(shape.match(data, at) for part, shape in _SHAPED.items() for at in places(data, part))
    )
