"""Effects of Python's libraries that watch the user: keyboard, screen, clipboard, camera, microphone."""

from biopsy.model.behaviour import Kind
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


def _register(name: str, does: str) -> None:
    def effect(run: Witness, call: Invocation) -> Value:
        run.see(Kind.PROCESS_DOES, does, call.line)
        callback = call.kwargs.get("on_press") or call.arg(0)
        if callback.func is not None:
            run.call(callback, Invocation("", "", [Value()], {}, call.line))
        return Value(taint=frozenset({f"host:{does.partition(' ')[0]}"}))

    TABLE[name] = effect


for _what, _names in _DOES.items():
    for _name in _names:
        _register(_name, _what)
