"""Names of Node's and browsers' libraries: one spelling for each; and the words worth reading a file for."""

from functools import lru_cache

from biopsy.model.regex import regex

BUILTINS = frozenset({
    "require", "process", "Buffer", "eval", "Function", "fetch", "atob", "btoa", "setTimeout",
    "setInterval", "setImmediate", "queueMicrotask", "JSON", "Object", "Array", "String", "Number",
    "Math", "Promise", "parseInt", "parseFloat", "decodeURIComponent", "encodeURIComponent", "unescape",
    "escape", "global", "globalThis", "window", "self", "module", "exports", "navigator", "document",
    "WebSocket", "XMLHttpRequest", "import", "Reflect", "Symbol", "WebAssembly", "Uint8Array",
    "TextDecoder", "TextEncoder", "URL", "URLSearchParams", "console", "Error", "Date", "RegExp", "Bun",
    "Deno", "#range", "__exportStar", "super", "Proxy", "Map", "Set", "setup", "Worker",
    "FormData", "Blob", "File", "Headers",
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


HOT = regex(
    rb"\b(?:child_process|execSync|execFile\w*|spawn(?:Sync)?|exec|fork|execa|shelljs|eval|Function|constructor|vm"
    rb"|runIn\w*Context|_compile|process|homedir|hostname|userInfo|networkInterfaces|cpus|totalmem|fs|readFile\w*"
    rb"|writeFile\w*|appendFile\w*|createWriteStream|unlink\w*|rmSync|https?|fetch|axios|got|undici|net|tls|dgram|dns"
    rb"|resolve(?:4|6|Txt|Any)?|XMLHttpRequest|WebSocket|sendBeacon|base64|hex|atob|unescape|fromCharCode|gunzip\w*"
    rb"|inflate\w*|createDecipher\w*|setTimeout|setInterval|setImmediate|require|import|globalThis|global"
    rb"|Bun|Deno|request|superagent|needle|ethers|web3|eth_call|dlopen|WebAssembly|clipboard\w*|puppeteer)\b|_0x|\\x"
)
"""Words, in bytes."""

STRONG = regex(
    rb"child_process|exec(?:File)?Sync|\bspawn|\beval\b|\bFunction\s*\(|new Function"
    rb"|\bvm\b|_compile\b|process\.env|process\["
    rb"|homedir|hostname|userInfo|networkInterfaces|\bcpus\b|totalmem|['\"`](?:node:)?(?:fs|os|net|tls|dgram|dns|https?|vm"
    rb"|fs/promises"
    rb"|fs-extra|axios|got|undici|node-fetch|request|superagent|needle|ws|execa|shelljs|module|worker_threads|inspector)['\"`]"
    rb"|\bfetch\s*\(|XMLHttpRequest|WebSocket|sendBeacon|['\"]base64['\"]|['\"]hex['\"]|\batob\b|\bunescape\b|fromCharCode"
    rb"|require\s*\(\s*['\"`][^'\"`\n]{0,40}['\"`]\s*[+.]|\[\s*['\"`]\w{1,20}['\"`]\s*\+"
    rb"|clipboard|iohook|uiohook|global-key-listener|screenshot-desktop|desktop-capture|node-webcam"
    rb"|\bimport\s*\(\s*['\"`]data:|\bconstructor['\"`\])]|\.constructor\s*\(|_0x|globalThis\[|global\[|require\s*\(\s*[^'\"\s)]|import\s*\(\s*[^'\"\s)]|process\.binding|dlopen|Bun\.|Deno\.|mainModule"
)
"""At least one of these stands in a file that is worth lowering at all."""
