"""What builders share: archives that are the same bytes every time."""

import gzip
import tarfile
import zipfile
from collections.abc import Mapping
from io import BytesIO

DATE = (2024, 5, 17, 10, 0, 0)
TIME = 1715940000


def tarred(
    files: Mapping[str, bytes], modes: Mapping[str, int], top: str = "", *, packed: bool = True
) -> bytes:
    """Pack files into a tar, below one folder if that is given, compressed by gzip unless said otherwise."""
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, data in files.items():
            member = tarfile.TarInfo(f"{top}/{path}" if top else path)
            member.size, member.mtime, member.mode = len(data), TIME, modes.get(path, 0o644)
            archive.addfile(member, BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0) if packed else out.getvalue()


def zipped(files: Mapping[str, bytes], modes: Mapping[str, int], top: str = "") -> bytes:
    """Pack files into a zip, below one folder if that is given."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(f"{top}/{path}" if top else path, DATE)
            entry.external_attr = (0o100000 | modes.get(path, 0o644)) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return out.getvalue()
