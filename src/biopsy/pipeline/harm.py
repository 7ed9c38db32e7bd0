"""Code that could do harm, told by what stands in it."""

import re
from typing import Final

from biopsy.model.regex import stands

_HARM: Final = re.compile(
    r"child_process|\bexec(?:Sync|File\w*)?\(|\bspawn(?:Sync)?\(|\bfetch\(|\bhttps?['\"]?\)?\.|\b(?:net|dgram|tls|dns)['\"]\)"
    r"|\beval\(|\bFunction\(|runIn\w{0,40}Context|\bunlink|\brm(?:Sync|tree|dir)\b|\baxios\b|\bgot\(|WebSocket"
    r"|\bsubprocess\b|os\.(?:system|popen|exec|spawn|remove)|\burlopen\b|\brequests\.|\bhttpx\.|\bsocket\.|\bexec\(|\bcompile\("
    r"|\bNet::HTTP\b|\bURI\.open\b|\b(?:TCP|UDP)Socket\b|\bOpen3\b|\bsystem[ (]['\"(]|%x[\[({]|\bIO\.popen\b"
    r"|\b(?:instance|class|module)_eval\b|\beval ['\"(\w]|\bFileUtils\.rm|\bFile\.(?:delete|unlink)\b"
    r"|\bTcpStream::connect\b|\bUdpSocket::|\bCommand::new\(|\bureq::|\breqwest::|\bremove_(?:file|dir_all)\("
    r"|\bPTY\.spawn\b|\bcurl_exec\(|\bfile_get_contents\(|\bshell_exec\(|\bpassthru\(|\bproc_open\(|\bfsockopen\("
)
_WORDS: Final = (
    "child_process", "exec", "spawn", "fetch(", "http", "net", "dgram", "tls", "dns", "eval", "Function(",
    "runIn", "unlink", "rm", "axios", "got(", "WebSocket", "subprocess", "os.", "urlopen", "requests.",
    "socket.", "compile(", "Net::HTTP", "URI.open", "TCP", "UDP", "Open3", "system", "%x", "IO.popen",
    "instance_eval", "class_eval", "module_eval", "FileUtils.rm", "File.", "TcpStream", "UdpSocket",
    "Command::new(", "ureq::", "reqwest::", "remove_", "PTY.spawn", "curl_exec(", "file_get_contents(",
    "shell_exec(", "passthru(", "proc_open(", "fsockopen(",
)  # fmt: skip
"""What each match of the pattern begins with: trying it everywhere takes ten times as long."""


def harmful(text: str) -> bool:
    """Whether a text of code could do harm; one that could not has nothing to hide behind a condition."""
    return stands(_HARM, _WORDS, text)
