"""Zone, language and month that code wants are read off its own words, and gone to together."""

from datetime import UTC, datetime

import pytest

from biopsy.pipeline import dwelling

TODAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
SCRIPT = """
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
const language = (process.env.LC_ALL || process.env.LANG || '').slice(0, 2)
const month = new Date().getMonth()
if (/^Asia\\/(Yerevan|Tbilisi)$/.test(zone) && language === 'hy' && (month === 2 || month === 3)) require('child_process').exec('id')
"""
PYTHON = """
import os, datetime, subprocess
place = os.environ.get("TZ") or os.path.realpath("/etc/localtime")
spoken = os.environ.get("LANGUAGE") or os.environ.get("LC_CTYPE", "")
if place.rsplit("/", 1)[-1] in ("Tashkent", "Samarkand") and spoken[:2] in ("uz", "ky") and datetime.date.today().month in (5, 6):
    subprocess.run(["id"])
"""


def test_all_three_are_read_from_a_script() -> None:
    found = dwelling.read([SCRIPT])
    assert dict(found.env) == {
        "TZ": "Asia/Yerevan", "LANGUAGE": "hy",
        **dict.fromkeys(("LANG", "LC_ALL", "LC_MESSAGES", "LC_CTYPE"), "hy_HY.UTF-8"),
    }  # fmt: skip
    assert found.month == 3
    assert found.ahead(TODAY) == (datetime(2027, 3, 15, 12, tzinfo=UTC) - TODAY).total_seconds()


def test_cities_alone_are_known_in_python() -> None:
    found = dwelling.read([PYTHON])
    assert (dict(found.env)["TZ"], dict(found.env)["LANG"], found.month) == (
        "Asia/Tashkent",
        "uz_UZ.UTF-8",
        5,
    )


@pytest.mark.parametrize(
    "text",
    [
        "const fs = require('fs'); if (process.env.LANG) fs.rmSync('x')",
        "const zone = Intl.DateTimeFormat().resolvedOptions().timeZone; fetch('https://a.example/?z=' + zone)",
        "if (new Date().getMonth() === 11) fetch('https://a.example/snow')",
        SCRIPT.replace("require('child_process').exec('id')", "greet()"),
        "timeZone: "
        + ", ".join(f"'Asia/City{chr(97 + n % 26)}{chr(97 + n // 26)}'" for n in range(60))
        + "; fetch(url)",
    ],
    ids=["one that asks", "one that tells", "a month alone", "harmless", "a table"],
)
def test_what_names_no_place_wants_none(text: str) -> None:
    assert dwelling.read([text]) == dwelling.Dwelling()


def test_the_month_that_it_is_needs_no_waiting() -> None:
    assert dwelling.Dwelling((), 11).ahead(TODAY) == 0
    assert dwelling.Dwelling().ahead(TODAY) == 0
