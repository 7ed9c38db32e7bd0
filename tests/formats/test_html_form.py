"""The page: self-contained, bounded, and inert whatever a package says."""

import re
import subprocess
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import sample
from msgspec.structs import replace

from biopsy.formats import by_name
from biopsy.formats.page.limits import MAX_PAGE
from biopsy.model.behaviour import Behaviour, InTrace, Kind
from biopsy.model.run import Change, Exchange, FileChange, Process

HTML: Any = by_name("html")
SAMPLES = [*sample.ALL, *map(sample.hostile, sample.NASTY)]


class Page(HTMLParser):
    """Elements, attributes and text of a page, as a browser would see them."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.ids: list[str] = []
        self.raw: dict[str, str] = {}
        self.within = ""
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.within = tag
        self.attributes += attrs
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        self.within = ""

    def handle_data(self, data: str) -> None:
        self.raw[self.within] = self.raw.get(self.within, "") + data


PLAIN = Page(HTML.render(sample.malicious()))


@pytest.mark.parametrize("analysis", SAMPLES)
def test_a_package_adds_no_element_and_no_attribute(analysis: Any) -> None:
    page = Page(HTML.render(analysis))
    assert set(page.tags) <= {*PLAIN.tags, "ul", "em"}
    assert page.tags["script"] == page.tags["style"] == 1
    names = {name for name, _ in page.attributes}
    assert not [name for name in names if name.startswith("on")]
    assert names <= {name for name, _ in PLAIN.attributes} | {"open", "data-empty"}


@pytest.mark.parametrize("analysis", SAMPLES)
def test_nothing_is_loaded_and_links_lead_inside_or_to_attack(analysis: Any) -> None:
    page = Page(HTML.render(analysis))
    links = [
        value or "" for name, value in page.attributes if name in ("href", "src", "xlink:href", "action")
    ]
    outside = [link for link in links if not link.startswith(("#", "data:image/svg+xml,"))]
    assert all(
        re.fullmatch(r"https://attack\.mitre\.org/techniques/T\d{4}(/\d{3})?/", link) for link in outside
    )
    assert "url(" not in page.raw["style"]
    assert "@import" not in page.raw["style"]


def test_places_are_unique_and_every_link_inside_leads_somewhere() -> None:
    for document in (HTML.render(sample.malicious()), HTML.render(*sample.ALL)):
        page = Page(document)
        assert len(set(page.ids)) == len(page.ids)
        inside = {
            value[1:] for name, value in page.attributes if name == "href" and value and value.startswith("#")
        }
        assert inside <= set(page.ids)


def test_the_policy_lets_only_our_own_style_and_script_work() -> None:
    policy = next(value for name, value in PLAIN.attributes if value and "default-src" in value)
    for tag in ("style", "script"):
        digest = b64encode(sha256(PLAIN.raw[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not [name for name, _ in PLAIN.attributes if name == "style"]


@pytest.mark.parametrize("text", sample.NASTY)
def test_nothing_invisible_is_on_the_page(text: str) -> None:
    document = HTML.render(sample.hostile(text))
    assert not [char for char in document if not char.isprintable() and char not in "\n\t"]
    document.encode("utf-8")


def _huge() -> Any:
    """Thousands of everything, in characters that grow when they are escaped."""
    word = "<&\"'\u202e>" * 300
    whole = sample.malicious()
    behaviours = tuple(
        Behaviour(Kind.FILE_READ, f"{n}{word}", InTrace("install", n, "laptop"), n, n / 100, detail=word)
        for n in range(8_000)
    )
    dossier = replace(
        whole.dossier,
        behaviours=(*whole.dossier.behaviours, *behaviours),
        processes=tuple(Process(n, n - 1 if n else None, "laptop", "install", (word, word)) for n in range(4_000)),
        exchanges=tuple(Exchange("laptop", "install", "https", f"{n % 500}.example", 443, word, word * 3, word * 3, 9, 9, 0.1, n) for n in range(4_000)),
        changes=tuple(FileChange("laptop", f"/{n}{word}", Change.CREATED, 9, "00", word * 3) for n in range(4_000)),
    )  # fmt: skip
    return replace(
        whole,
        dossier=dossier,
        findings=(replace(whole.findings[0], evidence=behaviours[:3000]), *whole.findings),
    )


def test_a_flood_is_cut_to_size_and_what_is_cut_is_counted() -> None:
    document = HTML.render(_huge())
    assert len(document.encode()) <= MAX_PAGE
    assert "8068" in document
    assert re.search(r"…and [\d,]+ processes more", document)


def test_several_artifacts_stand_side_by_side() -> None:
    document = HTML.render(sample.malicious(), sample.benign())
    assert document.count('<article class="page') == 2
    assert document.count('class="tab ') == 2


@pytest.mark.parametrize(
    "text",
    ["</script><script>document.title='owned'</script>", "<img src=x onerror=\"document.title='owned'\">"],
)
def test_a_browser_runs_our_script_and_no_other(chromium: str, tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.html"
    page.write_text(HTML.render(sample.hostile(text)), "utf-8")
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()]
    seen = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "<title>owned" not in seen
    assert 'id="unfold">' in seen, "our own script takes `hidden` off the buttons"
