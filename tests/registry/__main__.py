"""Serve the stand-ins by hand: `python -m tests.registry [PORT] [ECOSYSTEM NAME SECONDS]`.

With an ecosystem and a name a release of that package appears every so many seconds.
"""

import sys
import time

from tests.registry import StandIn, build


def main() -> None:
    """Serve until Ctrl-C."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    with StandIn(port=port) as registry:
        for name, value in registry.environment().items():
            print(f"export {name}={value}")
        ecosystem, name = sys.argv[2:4] if len(sys.argv) > 3 else ("", "")
        pause = float(sys.argv[4]) if len(sys.argv) > 4 else 10.0
        number = 0
        try:
            while True:
                time.sleep(pause)
                if ecosystem:
                    number += 1
                    version = f"1.0.{number}"
                    make = build.tgz if ecosystem == "npm" else build.wheel
                    registry.publish(ecosystem, name, version, [make(name, version)])
                    print(f"published {ecosystem} {name} {version}", flush=True)
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
