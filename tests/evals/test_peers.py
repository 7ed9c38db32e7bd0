import sys
from pathlib import Path
from typing import Any

import pytest
from bench import cost, peers_page, peers_tools
from bench.peers_tools import Tool


def seen(seconds: float, *, detected: bool = False, error: str = "") -> dict[str, Any]:
    made = {"seconds": seconds, "cpu": seconds, "peak_mb": 50, "said": "<score>", "detected": detected}
    return made | ({"error": error} if error else {})


ROWS = [
    {
        "key": "a",
        "kind": "simulant",
        "ecosystem": "pypi",
        "biopsy": seen(1, detected=True),
        "guarddog": seen(2),
    },
    {"key": "b", "kind": "twin", "ecosystem": "pypi", "biopsy": seen(1), "guarddog": seen(2, detected=True)},
    {"key": "c", "kind": "benign", "ecosystem": "npm", "biopsy": seen(1), "guarddog": seen(9, error="no")},
    {"key": "d", "kind": "benign", "ecosystem": "npm", "biopsy": seen(3), "guarddog": seen(4)},
]


def test_everybody_is_counted_alike() -> None:
    sums = peers_page.sums(ROWS)
    assert sums["biopsy"]["counts"]["simulant"]["hits"] == 1
    assert sums["guarddog"]["counts"]["twin pypi"]["hits"] == 1
    assert sums["guarddog"]["counts"]["benign"]["errors"] == 1
    assert (sums["biopsy"]["cost"]["p50"], sums["guarddog"]["cost"]["p50"]) == (2.0, 4.0)


def test_the_page_stands_alone_and_says_what_to_hold_against_it() -> None:
    page = peers_page.html(ROWS, (Tool("biopsy", "0", ("pypi",), lambda *_: {}),))
    assert "http" not in page
    assert "hexora is given the unpacked tree" in page


@pytest.mark.parametrize(
    ("before", "now", "kept"),
    [
        (None, seen(3), 3),
        (seen(2), seen(3), 2),
        (seen(3), seen(2), 2),
        (seen(1, error="gone"), seen(2), 2),
        (seen(2), seen(1, error="gone"), 2),
    ],
)
def test_the_quicker_of_two_readings_is_kept(before: Any, now: Any, kept: float) -> None:
    assert peers_tools.better(before, now)["seconds"] == kept


def test_a_tool_is_timed_and_its_memory_is_its_own() -> None:
    made, text = peers_tools.run([sys.executable, "-S", "-c", "print('x' * 5)"], (0,))
    assert text == "xxxxx\n"
    assert made["seconds"] > 0
    assert made["peak_mb"] < 40
    failed, _ = peers_tools.run([sys.executable, "-S", "-c", "raise SystemExit(7)"], (0,))
    assert failed["error"].startswith("exit 7")


def test_the_large_package_is_as_large_as_it_says(tmp_path: Path) -> None:
    path = cost.large_package(tmp_path, 8)
    import zipfile

    size = sum(entry.file_size for entry in zipfile.ZipFile(path).infolist())
    assert 7.5e6 < size < 9e6
