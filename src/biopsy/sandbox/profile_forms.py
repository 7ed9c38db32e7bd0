"""What a file of a profile can be besides text: a database, a picture, a repository's history."""

import hashlib
import sqlite3
import zlib
from collections.abc import Mapping

from biopsy.sandbox.profile_seed import Stream

_HEADS = {
    "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x48\x00\x48\x00\x00\xff\xdb\x00\x43\x00",
    "png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x07\x80\x00\x00\x04\x38\x08\x02\x00\x00\x00",
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n",
    "zip": b"PK\x03\x04\x14\x00\x00\x00\x08\x00",
    "data": b"",
}


def sqlite(script: str) -> bytes:
    """Return the database file that `script` makes."""
    with sqlite3.connect(":memory:") as database:
        database.executescript(script)
        return bytes(database.serialize())


def noise(stream: Stream, path: str, kind: str, size: int) -> bytes:
    """Return a file of this kind and about this size: its beginning is right, the rest is noise."""
    return _HEADS[kind] + stream.bytes(f"noise {path}", size * stream.number(f"size {path}", 60, 140) // 100)


def history(author: str, time: int, message: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return a repository's `.git`, with one commit of `files` (which lie in folders of any depth)."""
    objects: dict[str, bytes] = {}

    def store(kind: str, body: bytes) -> str:
        data = f"{kind} {len(body)}\0".encode() + body
        name = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        objects[f"objects/{name[:2]}/{name[2:]}"] = zlib.compress(data, 1)
        return name

    def tree(prefix: str) -> str:
        inside = {path.removeprefix(prefix).partition("/")[0] for path in files if path.startswith(prefix)}
        rows = []
        for name in sorted(inside, key=lambda name: name if prefix + name in files else name + "/"):
            if prefix + name in files:
                mode, digest = "100644", store("blob", files[prefix + name])
            else:
                mode, digest = "40000", tree(f"{prefix}{name}/")
            rows.append(f"{mode} {name}\0".encode() + bytes.fromhex(digest))
        return store("tree", b"".join(rows))

    who = f"{author} {time} +0000"
    head = store("commit", f"tree {tree('')}\nauthor {who}\ncommitter {who}\n\n{message}\n".encode())
    return objects | {
        "HEAD": b"ref: refs/heads/main\n",
        "refs/heads/main": f"{head}\n".encode(),
        "refs/remotes/origin/main": f"{head}\n".encode(),
        "logs/HEAD": f"{'0' * 40} {head} {who}\tclone\n".encode(),
        "description": b"Unnamed repository; edit this file 'description' to name the repository.\n",
    }
