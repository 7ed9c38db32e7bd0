"""A machine that says it is Windows' or macOS's says so in every way that an interpreter is asked."""

import json
from collections.abc import Callable
from typing import Any

import pytest

NODE = r"""
const [os, fs, path, cp] = ['os', 'fs', 'path', 'child_process'].map(require)
const windows = process.platform === 'win32'
const store = windows ? path.join(process.env.localappdata, 'Google', 'Chrome', 'User Data', 'Local State')
  : path.join(os.homedir(), 'Library', 'Application Support', 'Google', 'Chrome', 'Local State')
const kept = windows ? process.env.APPDATA + '\\Kept\\deep' : path.join(os.homedir(), 'Library', 'Kept')
fs.mkdirSync(kept, { recursive: true })
fs.writeFileSync(path.join(kept, 'a.txt'), 'kept')
const stats = fs.statSync(path.dirname(store)).isDirectory()
const said = cp.execSync(windows ? 'reg query HKLM\\SOFTWARE /v MachineGuid & echo %USERNAME%' : 'uname; sw_vers -productVersion')
console.log(JSON.stringify([process.platform, process.arch, os.platform(), os.type(), os.release(), os.homedir(), os.userInfo().username,
  fs.existsSync(store), stats, fs.readdirSync(kept), said.toString(), fs.realpathSync(kept) !== '']))
"""
PYTHON = r"""
import sys, os, platform, json, getpass, pathlib, ssl, asyncio, subprocess
found = [sys.platform, os.name, platform.system(), platform.platform(), platform.machine(), getpass.getuser()]
if sys.platform == "win32":
    import winreg, ctypes
    with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, "SOFTWARE") as key:
        found.append(winreg.QueryValueEx(key, "MachineGuid")[0])
    found.append(ctypes.windll.kernel32.IsDebuggerPresent())
    found.append(subprocess.check_output("echo %OS%", shell=True, text=True, creationflags=subprocess.CREATE_NO_WINDOW))
    found.append(os.listdir(os.environ["LOCALAPPDATA"] + "\\Google"))
else:
    found += [platform.mac_ver()[0], os.uname().sysname]
    found.append(subprocess.check_output(["osascript", "-e", 'do shell script "echo done"'], text=True))
    found.append(os.listdir(os.path.expanduser("~/Library/Application Support/Google")))
print(json.dumps(found))
"""
SCRIPTS = json.dumps([["x.js", NODE, ["node", "x.js"]], ["x.py", PYTHON, ["/usr/bin/python3", "x.py"]]])
RUN = f"""
import json
for name, text, argv in json.loads({SCRIPTS!r}):
    open(name, "w").write(text)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=15, start_new_session=True)
    print(done.stdout.strip() or repr(done.stderr), flush=True)
print(subprocess.run(["pip", "--version"], capture_output=True, text=True).returncode)
"""


@pytest.mark.sandbox
def test_windows_is_windows(attempt: Callable[..., Any]) -> None:
    node, python, own = attempt(RUN, profile="windows", timeout=60).text().splitlines()[:3]
    answers = json.loads(node)
    home = f"C:\\Users\\{answers[6]}"
    assert answers[:6] == ["win32", "x64", "win32", "Windows_NT", "10.0.22631", home]
    assert answers[7:10] == [True, True, ["a.txt"]]
    assert "MachineGuid    REG_SZ" in answers[10]
    assert answers[10].splitlines()[-1] == answers[6]
    said = json.loads(python)
    assert said[:3] == ["win32", "nt", "Windows"]
    assert said[3].startswith("Windows-10")
    assert said[4:6] == ["AMD64", answers[6]]
    assert len(said[6]) == 36
    assert said[7:] == [0, "Windows_NT\n", ["Chrome"]]
    assert own == "0"


@pytest.mark.sandbox
def test_macos_is_macos(attempt: Callable[..., Any]) -> None:
    node, python = attempt(RUN, profile="macos", timeout=60).text().splitlines()[:2]
    answers = json.loads(node)
    assert answers[:6] == ["darwin", "arm64", "darwin", "Darwin", "23.6.0", f"/Users/{answers[6]}"]
    assert answers[7:11] == [True, True, ["a.txt"], "Darwin\n14.6.1\n"]
    said = json.loads(python)
    assert said[:3] == ["darwin", "posix", "Darwin"]
    assert said[4] == "arm64"
    assert said[6:] == ["14.6.1", "Darwin", "done\n", ["Chrome"]]
