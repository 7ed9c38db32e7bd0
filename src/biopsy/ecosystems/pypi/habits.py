"""How names of Python packages are made out of others."""

from biopsy.ecosystems.names.words import Habits
from biopsy.ecosystems.pypi.modules import MODULES

HABITS = Habits(
    languages=frozenset({"python", "python3", "py", "py3", "pypi", "pip"}),
    fused_before=("python", "py"),
    fused_behind=("python", "py", "lib", "sdk"),
    code=(".py", ".pyx", ".pyi", ".so", ".pyd"),
    install=(r"pip3? install", r"poetry add", r"uv (?:pip install|add)", r"pipx install"),
    modules=MODULES,
)
