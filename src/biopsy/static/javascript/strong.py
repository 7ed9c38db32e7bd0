"""The words of JavaScript by which a test or a document is worth following."""

from biopsy.static.code.aside import Strong
from biopsy.static.javascript.names import spelt
from biopsy.static.sight import Source

_STRONG = Strong(
    evaluates=frozenset({
        "eval", "Function", "constructor", "vm", "runInContext", "runInNewContext", "runInThisContext",
        "_compile", "WebAssembly", "Worker", "globalThis", "mainModule",
    }),
    starts=frozenset({
        "child_process", "execSync", "execFile", "execFileSync", "spawn", "spawnSync", "fork", "execa",
        "shelljs", "dlopen", "binding", "Bun", "Deno",
    }),
    sends=frozenset({
        "fetch", "http", "https", "axios", "got", "undici", "request", "superagent", "needle", "net", "tls",
        "dgram", "dns", "ws", "WebSocket", "XMLHttpRequest", "sendBeacon", "ethers", "web3",
    }),
    decodes=frozenset({
        "base64", "hex", "atob", "unescape", "fromCharCode", "fromCodePoint", "gunzip", "gunzipSync",
        "inflate", "inflateSync", "brotliDecompressSync", "createDecipheriv", "createDecipher",
        "decodeURIComponent", "charCodeAt", "Uint8Array",
    }),
    secrets=frozenset({
        "env", "homedir", "hostname", "userInfo", "networkInterfaces", "npmrc", "ssh", "aws", "cookie",
        "clipboard", "clipboardy", "iohook", "localStorage",
    }),
)  # fmt: skip


def stands(source: Source) -> bool:
    """Whether both ends of anything strong stand in a source, or it hides its words."""
    return b"_0x" in source.data or b"\\x" in source.data or _STRONG.stands(spelt(source.data))
