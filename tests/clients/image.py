"""A container image of a few files, in a registry on loopback: what osv-scanner's matcher is given to read."""

import gzip
import hashlib
import io
import json
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

OCI = "application/vnd.oci.image"
NAME = "thing:latest"


def _layer(files: dict[str, str]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, text in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(text.encode())
            archive.addfile(about, io.BytesIO(text.encode()))
    return made.getvalue()


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def start(files: dict[str, str]) -> tuple[str, ThreadingHTTPServer]:
    """Serve an image of these files (OCI distribution 1.1, reading only); returns its name."""
    layer = _layer(files)
    packed = gzip.compress(layer, mtime=0)
    held = {
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
    }
    held |= {"config": {}, "history": [{"created_by": "COPY"}]}
    config = json.dumps(held).encode()
    blobs = {_digest(packed): packed, _digest(config): config}
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": f"{OCI}.manifest.v1+json",
        "config": {"mediaType": f"{OCI}.config.v1+json", "size": len(config), "digest": _digest(config)},
        "layers": [{"mediaType": f"{OCI}.layer.v1.tar+gzip", "size": len(packed), "digest": _digest(packed)}],
    }).encode()  # fmt: skip
    documents = {"/v2/": (b"{}", "application/json")}
    documents |= {
        f"/v2/thing/manifests/{w}": (manifest, f"{OCI}.manifest.v1+json")
        for w in ("latest", _digest(manifest))
    }
    documents |= {f"/v2/thing/blobs/{d}": (b, "application/octet-stream") for d, b in blobs.items()}

    class Registry(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            data, kind = documents.get(self.path, (b"", ""))
            self.send_response(200 if kind else 404)
            for name, value in (
                ("content-type", kind),
                ("content-length", str(len(data))),
                ("docker-content-digest", _digest(data)),
            ):
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data)

        do_HEAD = do_GET  # noqa: N815 - the name that the base asks for

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base has it
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    listener.daemon_threads = True
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    return f"127.0.0.1:{listener.server_address[1]}/{NAME}", listener
