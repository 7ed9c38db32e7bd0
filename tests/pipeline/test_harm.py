"""What could do harm in code is found where the pattern finds it, though most texts are never tried with it."""

import re
import time
from importlib.resources import files

import pytest

from biopsy.pipeline import compared, harm
from biopsy.pipeline.harm import harmful
from biopsy.pipeline.languages import LANGUAGES

HARMFUL = (
    "require('child_process')", "exec(x)", "execSync(x)", "execFile(", "spawn(x)", "spawnSync(", "fetch(x)", "http.get", "https').",
    "require('net')", 'require("dgram")', "require('tls')", "require('dns')", "eval(x)", "Function(x)", "runInThisContext",
    "fs.unlinkSync", "rmSync", "rmtree", "rmdir", "axios", "got(x)", "new WebSocket", "subprocess", "os.system", "os.popen",
    "os.execv", "os.spawnl", "os.remove", "urlopen", "requests.get", "httpx.get", "socket.socket", "compile(x", "Net::HTTP",
    "URI.open", "TCPSocket", "UDPSocket", "Open3", "system 'x'", 'system("x")', "%x[ls]", "IO.popen", "instance_eval", "class_eval",
    "module_eval", "eval code", "FileUtils.rm_rf", "File.delete", "File.unlink", "TcpStream::connect", "UdpSocket::bind",
    "Command::new(x", "ureq::get", "reqwest::get", "remove_file(x", "remove_dir_all(x", "PTY.spawn", "curl_exec($x",
    "file_get_contents($x", "shell_exec($x", "passthru($x", "proc_open($x", "fsockopen($x",
)  # fmt: skip
ASKING = {
    "host": "os.hostname() gethostname() getfqdn() platform.node() uname().nodename uname()[1] Socket.gethostname "
    "Etc.uname[:nodename] php_uname('n') process.env.HOSTNAME environ['HOSTNAME'] getenv('HOSTNAME') ENV['HOSTNAME']",
    "user": "userInfo().username getuser() getlogin() Etc.getlogin get_current_user() process.env.USER environ.get('USER')",
    "folder": "process.cwd() getcwd() Path.cwd() Dir.pwd Dir.getwd process.env.PWD",
    "words": "process.argv sys.argv ARGV $argv",
}


@pytest.mark.parametrize("code", HARMFUL)
def test_what_could_do_harm_is_found_wherever_it_stands(code: str) -> None:
    assert harm._HARM.search(f"\n {code}") is not None
    assert harmful(f"const format = 1\n {code}\n")


def test_each_word_begins_one_of_these() -> None:
    assert [word for word in harm._WORDS if not any(word in code for code in HARMFUL)] == []


def test_what_only_holds_the_words_is_harmless() -> None:
    assert not harmful("network of executives; an html form; a systematic Filename; evaluated; prefetch")


def test_hostile_text_is_looked_through_once() -> None:
    began = time.process_time()
    assert not harmful("runIn" * 100_000)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("kind", list(ASKING))
def test_what_asks_for_the_machine_is_found_wherever_it_stands(kind: str) -> None:
    for code in ASKING[kind].split():
        found = re.search(compared._ASKS[kind], f" {code}")
        assert found is not None, code
        assert found.group().startswith(compared._WORDS[kind]), code


def test_both_agree_on_code_of_every_kind() -> None:
    package = files("biopsy")
    texts = [
        file.read_text("utf-8")
        for folder in ("pipeline", "sandbox/drivers", "sandbox/inside/drivers")
        for file in (package / folder).iterdir()
        if file.name.endswith((".py", ".mjs", ".cjs", ".rb", ".php"))
    ]
    lines = [line for text in texts for line in text.splitlines()[::25]]
    assert [one for one in (*lines, *texts) if harmful(one) != (harm._HARM.search(one) is not None)] == []


@pytest.mark.parametrize("field", ["harm", "host", "user", "folder", "words"])
def test_what_a_language_adds_is_tried_only_where_it_says_and_found_there(field: str) -> None:
    examples = HARMFUL if field == "harm" else ASKING[field].split()
    for name, language in LANGUAGES.items():
        for pattern, begin in getattr(language, field).items():
            found = [match[0] for code in examples if (match := re.search(pattern, f"\n {code}"))]
            assert found, (name, pattern)
            assert all(text.startswith(begin) for text in found), (name, pattern)
