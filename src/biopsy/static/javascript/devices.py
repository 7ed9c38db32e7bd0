"""Effects of JavaScript's libraries that watch the user: keyboard, screen, clipboard, camera."""

from biopsy.model.behaviour import Kind
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import Value
from biopsy.static.code.witness import Witness
from biopsy.static.javascript.callbacks import run_all
from biopsy.static.javascript.effects import TABLE

_DOES = {
    "clipboard-read": ("clipboardy.read", "clipboardy.readSync", "navigator.clipboard.readText",
                       "electron.clipboard.readText"),
    "clipboard-write": ("clipboardy.write", "clipboardy.writeSync", "navigator.clipboard.writeText",
                        "electron.clipboard.writeText"),
    "keyboard listen": ("iohook.start", "iohook.on", "uiohook-napi.uIOhook.on", "uiohook-napi.uIOhook.start",
                        "node-global-key-listener.GlobalKeyboardListener"),
    "screen capture": ("screenshot-desktop", "desktop-capture", "screenshot-desktop.all",
                       "electron.desktopCapturer.getSources"),
    "camera capture": ("node-webcam.capture", "node-webcam.create"),
}  # fmt: skip


def _register(name: str, does: str) -> None:
    def effect(run: Witness, call: Invocation) -> Value:
        run.see(Kind.PROCESS_DOES, does, call.line)
        run_all(run, call, [Value()])
        return Value(taint=frozenset({f"host:{does.partition(' ')[0]}"}))

    TABLE[name] = effect


for _what, _names in _DOES.items():
    for _name in _names:
        _register(_name, _what)
