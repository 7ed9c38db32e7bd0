"""Verdicts are signed statements: any verifier of in-toto reads them, and what was changed is refused."""

import base64
import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("tuf")

from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner

from biopsy.cli.app import biopsy
from biopsy.errors import UsageError
from biopsy.model.dossier import Analysis, Call, Dossier, Tool, Verdict
from biopsy.model.release import Artifact, Release
from biopsy.reports.database import Database
from biopsy.reports.signing import UntrustedError, envelope, keys, statement

AT = "2026-11-01T00:00:00Z"
DATA = b"not a real archive"
SHA = hashlib.sha256(DATA).hexdigest()
REPORT: dict[str, Any] = {
    "id": "MAL-2026-1", "modified": AT, "published": AT, "summary": "Malicious code in x", "details": "Words.",
    "affected": [{"package": {"ecosystem": "npm", "name": "x", "purl": "pkg:npm/x"}, "versions": ["1.0.0"]}],
    "database_specific": {"malware": {"category": "malware", "artifacts": [
        {"version": "1.0.0", "filename": "x-1.0.0.tgz", "sha256": SHA}]}},
}  # fmt: skip


def analysis(call: Call = Call.MALICIOUS, sha256: str = SHA) -> Analysis:
    release = Release("npm", "x", "1.0.0")
    artifact = Artifact("x-1.0.0.tgz", "tarball", Path("x"), len(DATA), sha256)
    dossier = Dossier("run-1", release, artifact, (), (), created=AT, tool=Tool("1.0", rules="r1"))
    return Analysis(dossier, (), Verdict(call, "It reads tokens and sends them.", ("exfil/npm-token",)))


@pytest.fixture
def signer() -> CryptoSigner:
    return CryptoSigner.generate_ed25519()


def signed(said: dict[str, Any] | None, signer: CryptoSigner) -> bytes:
    assert said
    return envelope.sign(statement.encode(said), signer)


def test_the_reference_library_verifies_an_envelope(signer: CryptoSigner) -> None:
    held = Envelope.from_dict(json.loads(signed(statement.of_analysis(analysis()), signer)))
    assert held.verify([signer.public_key], 1)
    with pytest.raises(VerificationError):
        held.verify([CryptoSigner.generate_ed25519().public_key], 1)
    assert held.payload_type == "application/vnd.in-toto+json"


def test_the_reference_library_of_in_toto_reads_a_statement() -> None:
    pytest.importorskip("in_toto_attestation")
    from google.protobuf import json_format
    from in_toto_attestation.v1.statement import Statement
    from in_toto_attestation.v1.statement_pb2 import Statement as Form

    for said in (statement.of_analysis(analysis()), statement.of_report(REPORT)):
        Statement.copy_from_pb(json_format.ParseDict(said, Form())).validate()


def test_a_statement_says_what_was_found_of_which_file(signer: CryptoSigner) -> None:
    said = envelope.opened(signed(statement.of_analysis(analysis()), signer), [signer.public_key])
    assert said["subject"] == [{"name": "x-1.0.0.tgz", "digest": {"sha256": SHA}}]
    assert (said["predicate"]["verdict"], said["predicate"]["package"]) == ("malicious", "pkg:npm/x@1.0.0")
    assert said["predicate"]["analysis"] == {
        "run": "run-1", "created": AT, "tool": "1.0", "rules": "r1", "ran": True,
    }  # fmt: skip


def test_the_same_verdict_and_key_give_the_same_bytes(signer: CryptoSigner) -> None:
    one, two = (signed(statement.of_report(copy.deepcopy(REPORT)), signer) for _ in range(2))
    assert one == two


def test_a_report_that_was_withdrawn_says_so_of_its_files(signer: CryptoSigner) -> None:
    said = statement.of_report({**REPORT, "withdrawn": "2026-11-05T00:00:00Z"})
    assert said
    assert (said["predicate"]["verdict"], said["predicate"]["report"]["id"]) == ("withdrawn", "MAL-2026-1")
    assert envelope.opened(signed(said, signer), [signer.public_key])


def test_what_is_known_by_its_name_only_is_not_attested() -> None:
    assert statement.of_report({**REPORT, "database_specific": {}}) is None
    with pytest.raises(UsageError, match="no hash"):
        statement.of_analysis(analysis(sha256=""))


def _other_payload(held: dict[str, Any]) -> None:
    said = json.loads(base64.b64decode(held["payload"]))
    said["predicate"]["verdict"] = "benign"
    held["payload"] = base64.b64encode(json.dumps(said).encode()).decode()


@pytest.mark.parametrize(
    "harm",
    [
        _other_payload,
        lambda held: held.update(payloadType="application/json"),
        lambda held: held.update(signatures=[]),
        lambda held: held["signatures"][0].update(sig=base64.b64encode(b"\0" * 64).decode()),
        lambda held: held.pop("payload"),
        lambda held: held.update(payload=7),
        lambda held: held.update(signatures=None),
    ],
)
def test_a_changed_envelope_is_refused(signer: CryptoSigner, harm: Any) -> None:
    held = json.loads(signed(statement.of_report(REPORT), signer))
    harm(held)
    with pytest.raises(UntrustedError, match="not signed"):
        envelope.opened(json.dumps(held).encode(), [signer.public_key])


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'"x"', b"[" * 100_000])
def test_what_is_no_envelope_is_refused(signer: CryptoSigner, data: bytes) -> None:
    with pytest.raises(UntrustedError):
        envelope.opened(data, [signer.public_key])


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"[]", "no statement"),
        (b"{", "not JSON"),
        (b'{"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev/x"}', "no statement"),
        (statement.encode({**statement.of_analysis(analysis()), "subject": []}), "verdict-1.json"),
        (statement.encode({**statement.of_analysis(analysis()), "predicate": {"verdict": "fine"}}), "verdict-1.json"),
    ],
)  # fmt: skip
def test_what_is_signed_but_no_verdict_is_refused(signer: CryptoSigner, payload: bytes, why: str) -> None:
    with pytest.raises(UntrustedError, match=why):
        envelope.opened(envelope.sign(payload, signer), [signer.public_key])


def run(*words: object) -> Result:
    return CliRunner().invoke(biopsy, ["reports", *map(str, words)])


def test_a_release_is_signed_verified_and_refused_by_commands(tmp_path: Path) -> None:
    home, public, stick = tmp_path / "home", tmp_path / "public", tmp_path / "stick"
    database = Database(home / "reports.db", create=True)
    database.take("one", [("x", json.dumps(REPORT).encode())], AT)
    database.close()
    made = run("keys", "init", "--home", home, "--offline", stick, "--no-passphrase")
    assert (made.exit_code, "take it away" in made.output) == (0, True), made.output
    stick.rename(tmp_path / "away")
    made = run("release", public, "--home", home, "-q")
    assert (made.exit_code, "signed:" in made.output) == (0, True), made.output
    root = tmp_path / "root.json"
    assert run("keys", "export", root, "--home", home).exit_code == 0
    check = ("verify", public, "--root", root, "--home", tmp_path / "theirs")
    assert run(*check).exit_code == 0
    (file,) = (public / "keys").iterdir()
    (tmp_path / "x-1.0.0.tgz").write_bytes(DATA)
    verdict = ("verify", public / "attestations.intoto.jsonl", "--key", file, "--file")
    seen = run(*verdict, tmp_path / "x-1.0.0.tgz", "--home", home)
    assert (seen.exit_code, seen.output.split()[0]) == (0, "malicious")
    assert run(*verdict, root, "--home", home).exit_code == 1
    rows = json.loads(run("keys", "show", "-f", "json", "--home", home).output)
    assert {r["role"]: r["version"] for r in rows if r["version"]} == {
        "root": 1, "targets": 1, "snapshot": 1, "timestamp": 1,
    }  # fmt: skip
    with (public / "iocs" / "iocs.csv").open("a") as table:
        table.write("one more\n")
    assert run(*check).exit_code == 1


def test_keys_of_root_are_not_kept_beside_the_others(tmp_path: Path) -> None:
    made = run("keys", "init", "--home", tmp_path, "--offline", tmp_path / "signing", "--no-passphrase")
    assert (made.exit_code, "elsewhere" in made.output) == (2, True)


def test_a_public_key_is_read_back(tmp_path: Path, signer: CryptoSigner) -> None:
    (tmp_path / "key.pub").write_bytes(keys.public_pem(signer))
    assert keys.public(tmp_path / "key.pub").keyid == signer.public_key.keyid
