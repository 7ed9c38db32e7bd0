"""Effects of Python's libraries on a desk: keyboard, screen, clipboard, camera, microphone, registry."""

from biopsy.model.behaviour import Kind
from biopsy.model.regex import regex
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import Value
from biopsy.static.code.witness import Witness
from biopsy.static.python.effects import TABLE

_DOES = {
    "clipboard-read": ("pyperclip.paste", "clipboard.paste", "tkinter.Tk().clipboard_get",
                       "win32clipboard.GetClipboardData"),
    "clipboard-write": ("pyperclip.copy", "clipboard.copy", "tkinter.Tk().clipboard_append",
                        "win32clipboard.SetClipboardText", "win32clipboard.SetClipboardData"),
    "keyboard listen": ("pynput.keyboard.Listener", "keyboard.hook", "keyboard.on_press",
                        "keyboard.on_release", "keyboard.record", "keyboard.read_event"),
    "screen capture": ("PIL.ImageGrab.grab", "ImageGrab.grab", "mss.mss().grab", "mss.mss().shot",
                       "pyautogui.screenshot",
                       "pyscreenshot.grab"),
    "camera capture": ("cv2.VideoCapture",),
    "microphone record": ("sounddevice.rec", "pyaudio.PyAudio().open", "sounddevice.InputStream"),
}  # fmt: skip


_HELD = "clipboard"
_READS = regex(r"(?i)\b(?:xclip|xsel)\b.*\s-?-o(?:ut|utput)?\b|\b(?:wl-paste|pbpaste)\b|\bGet-Clipboard\b")
_WRITES = regex(r"(?i)(?:^|[\s/'|])(?:xclip|xsel|wl-copy|pbcopy|clip|clip\.exe)\b|\bSet-Clipboard\b")


def swapped(run: Witness, values: list[Value], line: int) -> None:
    """What stood in the clipboard is put back there, changed."""
    if any(_HELD in v.all_taint() for v in values):
        run.see(Kind.PROCESS_DOES, "clipboard-swap", line)


def piped(run: Witness, command: str, given: list[Value], line: int) -> frozenset[str]:
    """A program that reads the clipboard, or writes it; the taint of what comes out of it."""
    if _READS.search(command):
        return frozenset({_HELD})
    if _WRITES.search(command):
        swapped(run, given, line)
    return frozenset()


def _register(name: str, does: str) -> None:
    def effect(run: Witness, call: Invocation) -> Value:
        run.see(Kind.PROCESS_DOES, does, call.line)
        if does == "clipboard-write":
            swapped(run, call.args, call.line)
        callback = call.kwargs.get("on_press") or call.arg(0)
        if callback.func is not None:
            run.call(callback, Invocation("", "", [Value()], {}, call.line))
        taint = {f"host:{does.partition(' ')[0]}"} | ({_HELD} if does == "clipboard-read" else set())
        return Value(taint=frozenset(taint))

    TABLE[name] = effect


for _what, _names in _DOES.items():
    for _name in _names:
        _register(_name, _what)


_RUN_KEY = regex(r"(?i)\\CurrentVersion\\Run(?:Once)?\b")


def _key(_: Witness, call: Invocation) -> Value:
    """A key of Windows' registry, known by its path."""
    return Value(consts=call.arg(1, "sub_key").consts, ref="winreg.key()")


def _entered(run: Witness, call: Invocation) -> Value:
    """What is entered below the key of programs that start with the session starts again and again."""
    if any(_RUN_KEY.search(text) for text in call.arg(0).texts()):
        run.see(Kind.PROCESS_DOES, "persist run-key", call.line)
    return Value()


for _module in ("winreg", "_winreg"):
    for _name in ("OpenKey", "OpenKeyEx", "CreateKey", "CreateKeyEx"):
        TABLE[f"{_module}.{_name}"] = _key
    TABLE[f"{_module}.SetValueEx"] = _entered
