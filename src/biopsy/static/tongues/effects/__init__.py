"""What the library functions of a table do: each effect is one word there, and where its arguments stand.

Effects register themselves: a module here is found by being here.
"""

import importlib
import pkgutil

from biopsy.static.tongues.effects.files import reached
from biopsy.static.tongues.effects.names import function
from biopsy.static.tongues.effects.register import MAX_EACH, TABLE, do, effect
from biopsy.static.tongues.effects.running import field_set

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["MAX_EACH", "TABLE", "do", "effect", "field_set", "function", "reached"]
