"""Jars, as Maven makes them; text in a file that ends in `.class` is put together by `classfile`."""

from collections.abc import Mapping

from evals.builders.packing import zipped
from evals.classfile import assemble
from evals.scenario import Scenario

_POM = """<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>{group}</groupId>
  <artifactId>{artifact}</artifactId>
  <version>{version}</version>
</project>
"""


def build(scenario: Scenario, files: Mapping[str, bytes], payload: bool) -> tuple[str, bytes]:  # noqa: ARG001, FBT001
    """With its manifest first, and its pom where Maven puts it; the name is `group/artifact`."""
    group, _, artifact = scenario.name.partition("/")
    told = {"group": group, "artifact": artifact, "version": scenario.version}
    place = f"META-INF/maven/{group}/{artifact}"
    properties = f"groupId={group}\nartifactId={artifact}\nversion={scenario.version}\n"
    own = {path: _compiled(path, data) for path, data in files.items()}
    members = {
        "META-INF/MANIFEST.MF": own.pop("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\r\n\r\n"),
        f"{place}/pom.properties": properties.encode(),
        f"{place}/pom.xml": own.pop("pom.xml", _POM.format(**told).encode()),
        **own,
    }
    return f"{artifact}-{scenario.version}.jar", zipped(members, {})


def _compiled(path: str, data: bytes) -> bytes:
    text = path.endswith(".class") and data.startswith(b"class ")
    return assemble(data.decode()) if text else data
