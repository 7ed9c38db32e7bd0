"""What people hand around: Markdown for an issue, a draft of a mail to a registry, a STIX bundle."""

import json
import re
from email import message_from_string
from email.policy import default

import pytest
import sample
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec.structs import replace

from biopsy.errors import UsageError
from biopsy.formats import mail, markdown, stix
from biopsy.formats.views import contacts
from biopsy.model.behaviour import Behaviour
from biopsy.model.dossier import Analysis, Call, Ioc, IocType

HTML = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
HOSTILE = (
    "<script>alert(1)</script> ![x](https://x.example/a.png) [y](javascript:1) @team #1 `\x1b[31m\u202egnp"
)


def named(of: Analysis, name: str) -> Analysis:
    release = replace(of.dossier.release, name=name)
    artifact = replace(of.dossier.artifact, filename=name)
    seen = (Behaviour.parse("file.read /etc/passwd @ a.py:1"),)
    seen = tuple(replace(one, value=name) for one in seen)
    findings = tuple(replace(one, title=name, why=name, evidence=seen) for one in of.findings)
    dossier = replace(of.dossier, release=release, artifact=artifact)
    return replace(of, dossier=dossier, findings=findings, verdict=replace(of.verdict, reason=name))


def test_markdown_says_the_verdict_the_findings_and_their_evidence() -> None:
    found = Ioc(IocType.URL, "https://drop.example/x", ("a.js:9",))
    analysis = replace(sample.malicious(), iocs=(found,))
    text = markdown.render(analysis)
    assert text.startswith("## ⛔ Malicious: `pkg:")
    for finding in analysis.findings:
        assert finding.rule in text
    assert "hxxps://" in text
    assert "https://drop" not in text


def test_no_host_that_was_contacted_is_a_link_in_markdown() -> None:
    analysis = sample.malicious()
    contacted = next(
        line for line in markdown.render(analysis).splitlines() if line.startswith("| Contacted")
    )
    hosts = [host.name for host in contacts.own(analysis.dossier)]
    assert hosts
    assert not [name for name in hosts if name in contacted]


def test_nothing_of_a_package_is_markup_in_markdown() -> None:
    shown = HTML.render(markdown.render(named(sample.malicious(), HOSTILE)))
    assert not re.search(r"<(script|img|a)\b", shown)
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@given(st.text(max_size=60))
def test_no_text_ends_its_code_span_or_its_words(text: str) -> None:
    html = HTML.render(
        f"a {markdown.code(text)} b\n\n| x |\n| --- |\n| {markdown.code(text)} |\n\n{markdown.words(text)}"
    )
    assert not re.search(r"<(?!/?(?:p|code|table|thead|tbody|tr|th|td)\b)[a-z]", html)
    assert html.count("<td>") == 1


def test_a_mail_goes_to_the_registry_and_says_what_it_asks_for() -> None:
    analysis = sample.malicious()
    message = message_from_string(mail.render(analysis), policy=default)
    assert message["To"] == mail.contacts()[analysis.dossier.release.ecosystem].to
    assert message["X-Unsent"] == "1"
    body = message.get_content()
    for word in (
        analysis.dossier.release.name,
        analysis.dossier.release.version,
        analysis.dossier.artifact.sha256,
    ):
        assert word in body
    assert all(f"* {one.title}" in body for one in analysis.findings if one.rule in analysis.verdict.because)


def test_no_name_adds_a_header_to_a_mail() -> None:
    analysis = named(sample.malicious(), "x\r\nBcc: all@registry.example\r\n\r\nhello")
    message = message_from_string(mail.render(analysis), policy=default)
    assert set(message.keys()) == {
        "To",
        "Subject",
        "X-Unsent",
        "Content-Type",
        "Content-Transfer-Encoding",
        "MIME-Version",
    }
    assert not any(line.startswith("Bcc:") for line in message.get_content().splitlines())


def test_a_registry_is_written_to_only_about_what_is_malicious() -> None:
    with pytest.raises(UsageError, match="only about what is malicious"):
        mail.render(sample.benign())
    stranger = sample.malicious()
    odd = replace(
        stranger,
        dossier=replace(stranger.dossier, release=replace(stranger.dossier.release, ecosystem="apk")),
    )
    with pytest.raises(UsageError, match="apk is not known"):
        mail.render(odd)
    with pytest.raises(UsageError, match="several registries"):
        mail.render(stranger, odd)


def test_a_bundle_holds_the_release_its_file_and_its_own_indicators() -> None:
    import stix2

    found = (
        Ioc(IocType.DOMAIN, "drop.example", ("laptop/install#4",)),
        Ioc(IocType.DOMAIN, "github.com", ("a.js:9",), shared="code-host"),
        Ioc(IocType.DOMAIN, "x.invalid", ("a.js:9",), reserved=True),
        Ioc(IocType.URL, "https://drop.example/it's", ("a.js:9",)),
    )
    analysis = replace(sample.malicious(), iocs=found)
    held = json.loads(stix.render(analysis))
    stix2.parse(held, allow_custom=True)
    patterns = [one["pattern"] for one in held["objects"] if one["type"] == "indicator"]
    assert sorted(patterns) == sorted(
        [
            f"[file:hashes.'SHA-256' = '{analysis.dossier.artifact.sha256}']",
            "[domain-name:value = 'drop.example']",
            r"[url:value = 'https://drop.example/it\'s']",
        ]
    )
    assert stix.render(analysis) == stix.render(analysis)


def test_a_bundle_accuses_nobody_who_is_harmless() -> None:
    for analysis in (
        sample.benign(),
        replace(sample.malicious(), verdict=replace(sample.malicious().verdict, call=Call.UNKNOWN)),
    ):
        assert {one["type"] for one in json.loads(stix.render(analysis))["objects"]} == {"identity"}
