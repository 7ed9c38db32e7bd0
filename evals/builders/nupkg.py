"""Packages of NuGet, as `dotnet pack` makes them."""

from collections.abc import Mapping

from evals.builders.packing import zipped
from evals.scenario import Scenario

_TYPES = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="nuspec" ContentType="application/octet"/></Types>\n'
)
_RELATIONS = """<?xml version="1.0" encoding="utf-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
  <Relationship Id="R1" Target="/{name}.nuspec"
    Type="http://schemas.microsoft.com/packaging/2010/07/manifest"/>
</Relationships>
"""
_NUSPEC = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
  <metadata>
    <id>{name}</id>
    <version>{version}</version>
    <authors>Simulant</authors>
    <description>{summary}</description>
    <dependencies>{dependencies}</dependencies>
  </metadata>
</package>
"""


def build(scenario: Scenario, files: Mapping[str, bytes], payload: bool) -> tuple[str, bytes]:  # noqa: FBT001 - handed on
    """With a .nuspec at the root; `requires` are `NAME VERSION`."""
    requires = scenario.requires + (scenario.payload_requires if payload else ())
    dependencies = "".join('<dependency id="{}" version="{}"/>'.format(*one.split()) for one in requires)
    told = {
        "name": scenario.name,
        "version": scenario.version,
        "summary": scenario.summary or "A package.",
        "dependencies": dependencies,
    }
    members = {
        "_rels/.rels": _RELATIONS.format(**told).encode(),
        f"{scenario.name}.nuspec": _NUSPEC.format(**told).encode(),
        **files,
        "[Content_Types].xml": _TYPES.encode(),
    }
    return f"{scenario.name}.{scenario.version}.nupkg".lower(), zipped(members, scenario.modes)
