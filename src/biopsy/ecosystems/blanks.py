"""Empty packages, whose runs show what tools do by themselves: what ecosystems share in making them."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Mapping
from typing import Final

NAME: Final = "empty"
VERSION: Final = "1.0.0"

_TIME = 499162800  # npm's, in every tarball


def packed(files: Mapping[str, str], *, compressed: bool = True) -> bytes:
    """Pack texts into a tar, the same bytes every time."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, text in files.items():
            body = text.encode()
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(body), 0o644, _TIME
            archive.addfile(member, io.BytesIO(body))
    return gzip.compress(data.getvalue(), mtime=0) if compressed else data.getvalue()


def zipped(files: Mapping[str, str]) -> bytes:
    """Pack texts into a zip, the same bytes every time."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return data.getvalue()
