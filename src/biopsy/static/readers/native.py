"""Native code: what it is, what it imports and offers, whether it is packed, and the URLs in its strings."""

from collections.abc import Iterator

from biopsy.model.behaviour import Kind
from biopsy.model.regex import regex
from biopsy.static import programs
from biopsy.static.sight import Part, Sight, Source

NAME = "native"
MAX_SCAN = 64 * 1024**2
MAX_URLS = 60
MAX_OFFERED = 6  # entry points that are told
MIN_BEHIND = 512  # bytes after the end of a program that are worth telling

_URL = regex(rb"https?://[A-Za-z0-9.-]{3,100}(?::\d{1,5})?/?[\w./?&=%~+-]{0,200}")

_TELLING = frozenset({
    # starts programs, loads code
    "system", "popen", "execve", "execv", "execvp", "execl", "execlp", "posix_spawn", "posix_spawnp",
    "fexecve",
    "memfd_create", "WinExec", "ShellExecuteA", "ShellExecuteW", "CreateProcessA", "CreateProcessW", "NSTask",
    "dlopen", "LoadLibraryA", "LoadLibraryW",
    # other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "task_for_pid", "CreateRemoteThread",
    "CreateRemoteThreadEx",
    "WriteProcessMemory", "ReadProcessMemory", "VirtualAllocEx", "NtUnmapViewOfSection", "QueueUserAPC",
    "SetThreadContext", "NtWriteVirtualMemory", "RtlCreateUserThread", "MiniDumpWriteDump",
    # the network
    "connect", "bind", "listen", "getaddrinfo", "gethostbyname", "URLDownloadToFileA", "URLDownloadToFileW",
    "InternetOpenA", "InternetOpenW", "InternetOpenUrlA", "InternetOpenUrlW", "HttpSendRequestA",
    "HttpSendRequestW",
    "WinHttpOpen", "WinHttpSendRequest", "WSAStartup", "WSASocketA", "WSASocketW", "curl_easy_perform",
    # keys, screen, clipboard, secrets
    "GetAsyncKeyState", "SetWindowsHookExA", "SetWindowsHookExW", "CGEventTapCreate", "XRecordEnableContext",
    "BitBlt", "CGDisplayCreateImage", "GetClipboardData", "CryptUnprotectData", "CredEnumerateA",
    "CredEnumerateW",
    "SecKeychainFindGenericPassword", "SecKeychainItemCopyContent", "SecItemCopyMatching",
    "LsaEnumerateLogonSessions",
    # hides and stays
    "IsDebuggerPresent", "CheckRemoteDebuggerPresent", "RegSetValueExA", "RegSetValueExW", "CreateServiceA",
    "CreateServiceW", "AdjustTokenPrivileges", "setuid", "chroot", "init_module", "finit_module",
})  # fmt: skip
_OFFERS = (
    (regex(r"PyInit_(\w{1,80})$|init(?=_?[a-z]\w{0,40}$)(\w+)"), "python-module"),
    (regex(r"napi_register_module_v\d|node_register_module_v\d|napi_module_register"), "node-addon"),
    (regex(r"Java_\w+"), "java-library"),
    (regex(r"DllRegisterServer|ServiceMain"), "windows-service"),
)


def wants(source: Source) -> bool:
    """Programs, libraries and WebAssembly, whatever their names."""
    return bool(programs.form(source.data))


def read(source: Source) -> Iterator[Sight]:
    """Yield what can be told without running it."""
    program = programs.read(source.data)
    if program is None:
        return
    yield source.see(Kind.CODE_NATIVE, f"{program.form} {source.path}", detail=program.machine)
    yield from _names(source, program)
    if program.damaged:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} {program.form} tables")
    elif programs.dense(program, source.data):
        yield source.see(Kind.CODE_OBFUSCATED, "packed")
    yield from _behind(source, program)
    seen: dict[bytes, None] = {}
    for match in _URL.finditer(source.data, 0, MAX_SCAN):
        seen[match[0]] = None
        if len(seen) >= MAX_URLS:
            break
    for url in seen:
        yield source.see(Kind.NET_URL, url.decode("ascii", "replace").rstrip("."))


def _names(source: Source, program: programs.Program) -> Iterator[Sight]:
    for name in program.imports:
        bare = name.rpartition(".")[2] if program.form == "wasm" else name
        if bare in _TELLING or (program.form == "wasm" and bare.startswith("sock_")):
            yield source.see(Kind.CODE_NATIVE, f"imports {bare}")
    told: set[str] = set()
    for name in [*program.exports, *program.imports]:
        for pattern, what in _OFFERS:
            if what not in told and pattern.match(name):
                told.add(what)
                yield source.see(Kind.CODE_NATIVE, f"offers {what} {name}")
    if program.form == "PE" and not program.imports and not program.damaged:
        yield source.see(Kind.CODE_OBFUSCATED, "no-imports")


def _behind(source: Source, program: programs.Program) -> Iterator[Sight]:
    """What was put behind a program's end: bundlers do, and so do droppers."""
    rest = source.data[program.end :] if 0 < program.end < len(source.data) else b""
    if len(rest.strip(b"\0")) < MIN_BEHIND:
        return
    yield source.see(Kind.DATA_PAYLOAD, f"bytes after {program.form}", detail=f"{len(rest)} bytes")
    yield Part(f"behind-{program.end}", rest, source.when)
