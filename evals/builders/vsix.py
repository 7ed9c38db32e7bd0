"""Extensions of editors, as `vsce package` makes them."""

import json
from collections.abc import Mapping

from evals.builders.packing import zipped
from evals.scenario import Scenario

_TYPES = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension=".json" ContentType="application/json"/>'
    '<Default Extension=".vsixmanifest" ContentType="text/xml"/></Types>\n'
)
_MANIFEST = """<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="{name}" Version="{version}" Publisher="{publisher}"/>
    <DisplayName>{name}</DisplayName>
  </Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
  <Assets><Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json"/></Assets>
</PackageManifest>
"""


def build(scenario: Scenario, files: Mapping[str, bytes], payload: bool) -> tuple[str, bytes]:  # noqa: ARG001, FBT001
    """The package's files below `extension/`; `publisher.name` stands in package.json."""
    package = json.loads(files["package.json"])
    told = {key: package[key] for key in ("name", "version", "publisher")}
    members = {
        "extension.vsixmanifest": _MANIFEST.format(**told).encode(),
        "[Content_Types].xml": _TYPES.encode(),
        **{f"extension/{path}": data for path, data in files.items()},
    }
    modes = {f"extension/{path}": mode for path, mode in scenario.modes.items()}
    return f"{told['publisher']}.{told['name']}-{told['version']}.vsix", zipped(members, modes)
