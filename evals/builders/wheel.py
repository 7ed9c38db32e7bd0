"""Wheels."""

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from io import BytesIO

from evals.builders.packing import DATE
from evals.scenario import Scenario


def metadata(scenario: Scenario, payload: bool) -> str:  # noqa: FBT001 - handed on
    """Return METADATA or PKG-INFO."""
    requires = scenario.requires + (scenario.payload_requires if payload else ())
    lines = ["Metadata-Version: 2.1", f"Name: {scenario.name}", f"Version: {scenario.version}"]
    lines += [f"Summary: {scenario.summary}"] if scenario.summary else []
    lines += [f"Requires-Dist: {one}" for one in requires]
    return "\n".join((*lines, "", ""))


def entry_points(scenario: Scenario, payload: bool) -> str:  # noqa: FBT001 - handed on
    """Return entry_points.txt, empty where there are none."""
    groups = {group: list(lines) for group, lines in scenario.entry_points.items()}
    for group, lines in scenario.payload_entry_points.items() if payload else ():
        groups.setdefault(group, []).extend(lines)
    return "".join(f"[{group}]\n" + "\n".join(lines) + "\n\n" for group, lines in groups.items())


def build(scenario: Scenario, files: Mapping[str, bytes], payload: bool) -> tuple[str, bytes]:  # noqa: FBT001
    """With its RECORD, and what is odd about the archive of the malicious form."""
    stem = f"{scenario.name.replace('-', '_')}-{scenario.version}"
    info = f"{stem}.dist-info"
    members = dict(files)
    members[f"{info}/METADATA"] = metadata(scenario, payload).encode()
    members[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: hatchling 1.27.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    if text := entry_points(scenario, payload):
        members[f"{info}/entry_points.txt"] = text.encode()
    rows = [f"{path},sha256={_digest(data)},{len(data)}" for path, data in members.items()]
    members[f"{info}/RECORD"] = "\n".join((*rows, f"{info}/RECORD,,", "")).encode()
    shadow = scenario.archive.shadow if payload else {}
    unlisted = scenario.archive.unlisted if payload else ()
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in members.items():
            for body in ([shadow[path].encode()] if path in shadow else []) + [data]:
                entry = zipfile.ZipInfo(path, DATE)
                entry.external_attr = (0o100000 | scenario.modes.get(path, 0o644)) << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                _write(archive, entry, body)
        archive.filelist = [entry for entry in archive.filelist if entry.filename not in unlisted]
    return f"{stem}-py3-none-any.whl", out.getvalue()


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, body: bytes) -> None:
    """Add a member, also one whose name is there already, without a warning."""
    archive.NameToInfo.pop(entry.filename, None)
    archive.writestr(entry, body)


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
