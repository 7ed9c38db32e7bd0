"""When what is in a NuGet package runs.

A build of whatever project has the package imports its targets, and the compiler loads its analyzers: that is
`install`, for nobody asks for it. Assemblies below `lib` and `runtimes` run when a program uses them; source
files are compiled into the project. A .NET tool runs when somebody starts it.
"""

from collections.abc import Mapping

from biopsy.ecosystems.nuget.nuspec import ANALYZER, SCRIPT, TARGETS, TASK
from biopsy.ecosystems.reading import aside
from biopsy.model.behaviour import When
from biopsy.model.regex import regex
from biopsy.model.release import Tree

_CODE = (
    *(".dll", ".exe", ".so", ".dylib", ".cs", ".vb", ".fs", ".fsx", ".pp"),
    *(".ps1", ".psm1", ".psd1", ".cmd", ".bat", ".sh", ".js", ".py"),
)
_USED = regex(r"(?i)(?:lib|ref|runtimes|content|contentfiles|staticwebassets)/.+")
_TOOL = regex(r"(?i)tools/.+/DotnetToolSettings\.xml")


def moments(tree: Tree) -> Mapping[str, When]:
    """Give the earliest moment of each file that can run."""
    found: dict[str, When] = {}
    tool = any(_TOOL.fullmatch(file.path) for file in tree.files)
    targets = any(TARGETS.fullmatch(file.path) for file in tree.files)
    for file in tree.files:
        path = file.path
        if any(form.fullmatch(path) for form in (SCRIPT, TARGETS, ANALYZER)):
            found[path] = When.INSTALL
        elif not path.lower().endswith(_CODE):
            continue
        elif _USED.fullmatch(path):
            found[path] = When.IMPORT
        elif path.lower().startswith("tools/") and tool:
            found[path] = When.CALL
        elif targets and (TASK.fullmatch(path) or path.lower().startswith(("build", "tools/", "tasks/"))):
            found[path] = When.INSTALL
        else:
            found[path] = aside(path) or When.CALL
    return found
