"""Stand-in registries: one process, on the loopback address, in the shapes of the real ones.

    with StandIn() as registry:
        registry.publish("pypi", "demo", "1.0", [build.wheel("demo", "1.0")])
        registry.publish("npm", "@scope/demo", "1.0.0", [build.tgz("@scope/demo", "1.0.0")])
        registry.mischief.add("status", "/simple/", times=3, status=429, retry_after="2")
        run(["biopsy", "watch", "--once"], env={**os.environ, **registry.environment()})

What the registries hold is in `world`, what goes wrong on order in `answering.Mischief`, and one module each
speaks PyPI, npm, RubyGems, crates.io, Packagist, Go, NuGet and Maven. `python -m tests.registry` serves them
by hand.
"""

from tests.registry import build
from tests.registry.server import StandIn
from tests.registry.world import Did, World, stamp

__all__ = ["Did", "StandIn", "World", "build", "stamp"]
