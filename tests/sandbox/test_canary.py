import base64
import re
import zlib

import pytest
from cryptography.hazmat.primitives.serialization import load_ssh_private_key

from biopsy.sandbox.canary import plant
from biopsy.sandbox.canary_forms import BASE62, FORMS
from biopsy.sandbox.profile import load, names
from biopsy.sandbox.profile_seed import Stream

PROFILES = names()
SHAPES = {
    "aws-secret": r"[A-Za-z0-9/+]{40}",
    "npm": r"npm_[A-Za-z0-9]{36}",
    "github": r"ghp_[A-Za-z0-9]{36}",
    "github-pat": r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
    "pypi": r"pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{70,}",
    "slack": r"xoxb-\d{12}-\d{12}-[A-Za-z0-9]{24}",
    "discord": r"[MNO][A-Za-z\d_-]{23,25}\.[\w-]{6}\.[\w-]{38}",
    "stripe": r"sk_live_[0-9a-zA-Z]{24,}",
    "anthropic": r"sk-ant-api03-[\w-]{93}AA",
    "anthropic-access": r"sk-ant-oat01-[\w-]{93}AA",
    "gitlab-job": r"glcbt-64_[\w-]{20}",
    "gitlab-pat": r"glpat-[\w-]{20}",
    "gitlab-deploy": r"gldt-[\w-]{20}",
    "huggingface": r"hf_[A-Za-z]{34}",
    "linear": r"lin_api_[A-Za-z0-9]{40}",
    "openrouter": r"sk-or-v1-[0-9a-f]{64}",
    "sentry": r"sntryu_[0-9a-f]{64}",
    "hex": r"[0-9a-f]{64}",
    "account": r"0x[0-9a-f]{40}",
    "phrase": r"([a-z]+ ){11}[a-z]+",
}


def made(form: str, seed: bytes = b"seed") -> tuple[str, str]:
    return FORMS[form](Stream(seed), "label")


@pytest.mark.parametrize(("form", "shape"), SHAPES.items())
def test_a_token_has_the_shape_that_a_thief_looks_for(form: str, shape: str) -> None:
    assert re.fullmatch(shape, made(form)[0])


@pytest.mark.parametrize("form", ["npm", "github", "github-app", "github-oauth", "github-user"])
def test_a_checked_token_ends_in_its_checksum(form: str) -> None:
    body, check = made(form)[0][4:-6], made(form)[0][-6:]
    number = 0
    for digit in check:
        number = number * 62 + BASE62.index(digit)
    assert number == zlib.crc32(body.encode())


def test_an_ssh_key_loads_and_its_secret_line_holds_the_private_half() -> None:
    secret, text = made("ssh")
    private = load_ssh_private_key(text.encode(), None).private_bytes_raw()
    assert private in base64.b64decode(f"{secret[2:]}==")
    assert secret in text


@pytest.mark.parametrize("form", sorted(FORMS))
def test_every_form_differs_by_seed_and_is_hard_to_meet_by_chance(form: str) -> None:
    secret, text = made(form)
    assert secret in text
    assert secret != made(form, b"other")[0]
    assert len(secret) >= 16
    assert "EXAMPLE" not in secret


@pytest.mark.parametrize("name", PROFILES)
def test_every_canary_is_where_it_says(name: str) -> None:
    profile = load(name)
    canaries = plant(b"seed", profile)
    machine = profile.furnish(b"seed", canaries)
    files = {placed.path: placed.data for placed in machine.files}
    for canary in canaries:
        assert canary.path or canary.env, canary.name
        if canary.path:
            assert canary.secret.encode() in files[canary.path], canary.name
        if canary.env:
            assert canary.secret in machine.env[canary.env], canary.name


@pytest.mark.parametrize("name", PROFILES)
def test_no_two_canaries_share_a_secret(name: str) -> None:
    secrets = [canary.secret for canary in plant(b"seed", load(name))]
    assert len(secrets) == len(set(secrets))


def test_runs_and_profiles_share_no_secret() -> None:
    secrets = [c.secret for name in PROFILES for seed in (b"1", b"2") for c in plant(seed, load(name))]
    assert len(secrets) == len(set(secrets))
