"""The forms that credentials have: prefixes, alphabets, lengths and checksums that a thief would check.

Each form draws `(secret, text)` from a stream: `text` is what stands in the file, `secret` the part of it
that must not leave (a line of a key, the signature of a token). No form ever makes a vendor's documented
sample (`AKIA…EXAMPLE`), which is what malware looks for to recognise a trap.
"""

import base64
import json
import uuid
import zlib
from collections.abc import Callable
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits
from textwrap import wrap

from biopsy.sandbox.profile_seed import Stream

Made = tuple[str, str]
Form = Callable[[Stream, str], Made]

BASE62 = digits + ascii_uppercase + ascii_lowercase
URLSAFE = ascii_letters + digits + "-_"
HEX = "0123456789abcdef"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
PYPI_MACAROON = base64.b64decode("AgEIcHlwaS5vcmc=")  # version, then the location that all its tokens name
WORDS = (
    "absorb anchor basket beyond bridge cactus canyon carbon cement circle copper cradle dinner dolphin "
    "drift eagle ember engine fabric falcon fatigue flavor forest galaxy garlic ginger glimpse hammer "
    "harvest hollow hurdle insect island jacket jungle kitchen ladder lemon lizard magnet marble meadow "
    "mirror napkin nephew oblige orbit oxygen palace pepper planet puzzle quantum rabbit ribbon saddle "
    "salmon shadow silver spider tackle timber tunnel umbrella velvet violin walnut window zebra"
)
"""Words that BIP-39 has, for a phrase that looks like a wallet's."""


def drawn(prefix: str, alphabet: str, count: int, suffix: str = "") -> Form:
    """Return the form `prefix`, `count` characters of `alphabet`, `suffix`."""

    def form(stream: Stream, label: str) -> Made:
        token = prefix + stream.text(label, alphabet, count) + suffix
        return token, token

    return form


def checked(prefix: str) -> Form:
    """Return the form of GitHub's and npm's tokens: 30 of base 62, then their CRC-32 in six."""

    def form(stream: Stream, label: str) -> Made:
        body = stream.text(label, BASE62, 30)
        rest, check = zlib.crc32(body.encode()), ""
        while rest:
            rest, digit = divmod(rest, 62)
            check = BASE62[digit] + check
        token = prefix + body + check.rjust(6, "0")
        return token, token

    return form


def github_pat(stream: Stream, label: str) -> Made:
    """Draw a fine-grained personal access token."""
    token = f"github_pat_11{stream.text(label, BASE62, 20)}_{stream.text(label + ' 2', BASE62, 59)}"
    return token, token


def pypi(stream: Stream, label: str) -> Made:
    """Draw an upload token: a version 2 macaroon with an identifier, a caveat for one user, a signature."""

    def packet(kind: int, data: bytes) -> bytes:
        return bytes((kind, len(data))) + data

    token_id = str(uuid.UUID(bytes=stream.bytes(label, 16), version=4)).encode()
    caveat = json.dumps([3, str(uuid.UUID(bytes=stream.bytes(label + " user", 16), version=4))]).encode()
    signature = packet(6, stream.bytes(label + " signature", 32))
    macaroon = PYPI_MACAROON + packet(2, token_id) + b"\0" + packet(2, caveat) + b"\0\0" + signature
    token = "pypi-" + base64.urlsafe_b64encode(macaroon).decode().rstrip("=")
    return token, token


def ssh(stream: Stream, label: str) -> Made:
    """Draw an Ed25519 key as OpenSSH writes it; the secret is the line that holds the private half."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - slow

    def field(data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + data

    seed = stream.bytes(label, 32)
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    pair = field(b"ssh-ed25519") + field(public)
    check = stream.bytes(label + " check", 4)
    private = check + check + pair + field(seed + public) + field(b"")
    private += bytes(range(1, 1 + -len(private) % 8))
    blob = b"openssh-key-v1\0" + field(b"none") + field(b"none") + field(b"") + b"\0\0\0\1"
    lines = wrap(base64.b64encode(blob + field(pair) + field(private)).decode(), 70)
    name = "OPENSSH PRIVATE KEY"
    return lines[3], "\n".join((f"-----BEGIN {name}-----", *lines, f"-----END {name}-----", ""))


def rsa(stream: Stream, label: str) -> Made:
    """Draw what looks like a 2048-bit PKCS #8 key (made of noise: a real one takes too long)."""
    head = base64.b64decode("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ==")
    lines = wrap(base64.b64encode(head + stream.bytes(label, 1219 - len(head))).decode(), 64)
    return lines[2], "\n".join(("-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----", ""))


def rsa_json(stream: Stream, label: str) -> Made:
    """Draw the same, as it stands inside a JSON string."""
    secret, text = rsa(stream, label)
    return secret, json.dumps(text)[1:-1]


def jwt(stream: Stream, label: str) -> Made:
    """Draw a signed token; the secret is its signature."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    head = part(json.dumps({"alg": "RS256", "kid": stream.text(label + " kid", HEX, 16)}).encode())
    body = part(json.dumps({"sub": stream.text(label + " sub", HEX, 24), "exp": 2000000000}).encode())
    signature = part(stream.bytes(label, 64))
    return signature, f"{head}.{body}.{signature}"


def basic(stream: Stream, label: str) -> Made:
    """Draw `user:password` in base64, as a registry's `auth` has it."""
    pair = f"deploy:{stream.text(label, ascii_letters + digits, 24)}"
    token = base64.b64encode(pair.encode()).decode()
    return token, token


def blob(stream: Stream, label: str) -> Made:
    """Draw 48 bytes in base64, as ciphertexts and vaults are written."""
    token = base64.b64encode(stream.bytes(label, 48)).decode()
    return token, token


def numbers(stream: Stream, label: str) -> Made:
    """Draw a Solana key pair: 64 numbers of a JSON list."""
    token = ",".join(str(byte) for byte in stream.bytes(label, 64))
    return token, token


def base58(stream: Stream, label: str) -> Made:
    """Draw a Solana key pair as wallets export it: 64 bytes in base 58."""
    number, token = int.from_bytes(b"\1" + stream.bytes(label, 63), "big"), ""
    while number:
        number, digit = divmod(number, 58)
        token = BASE58[digit] + token
    return token, token


def card(stream: Stream, label: str) -> Made:
    """Draw the number of a card for payments: 16 digits, the last a check of the others (ISO/IEC 7812-1)."""
    body = "4" + stream.text(label, "0123456789", 14)
    doubled = (int(one) * (2 - place % 2) for place, one in enumerate(body))
    token = body + str(-sum(one - 9 if one > 9 else one for one in doubled) % 10)
    return token, token


def phrase(stream: Stream, label: str) -> Made:
    """Draw a wallet's twelve words."""
    words = WORDS.split()
    token = " ".join(stream.choice(f"{label} {place}", words) for place in range(12))
    return token, token


def terraform(stream: Stream, label: str) -> Made:
    """Draw a token of a user's."""
    secret = stream.text(f"{label} secret", BASE62, 67)
    return secret, f"{stream.text(label, BASE62, 14)}.atlasv1.{secret}"


def slack(stream: Stream, label: str) -> Made:
    """Draw a bot's token."""
    first, second = (stream.text(label + part, digits, 12) for part in (" 1", " 2"))
    token = f"xoxb-{first}-{second}-{stream.text(label, BASE62, 24)}"
    return token, token


def discord(stream: Stream, label: str) -> Made:
    """Draw an account's token: its number in base64, a time, a signature."""
    number = base64.b64encode(b"7" + stream.text(label + " id", digits, 17).encode()).decode()
    middle = "G" + stream.text(label + " time", URLSAFE, 5)
    token = f"{number.rstrip('=')}.{middle}.{stream.text(label, URLSAFE, 38)}"
    return token, token


FORMS: dict[str, Form] = {
    "account": drawn("0x", HEX, 40),
    "anthropic": drawn("sk-ant-api03-", URLSAFE, 93, "AA"),
    "anthropic-access": drawn("sk-ant-oat01-", URLSAFE, 93, "AA"),
    "anthropic-refresh": drawn("sk-ant-ort01-", URLSAFE, 93, "AA"),
    "aws-secret": drawn("", ascii_letters + digits + "/+", 40),
    "base58": base58,
    "basic": basic,
    "blob": blob,
    "card": card,
    "cargo": drawn("cio", BASE62, 32),
    "discord": discord,
    "figma": drawn("figd_", URLSAFE, 40),
    "github": checked("ghp_"),
    "github-app": checked("ghs_"),
    "github-oauth": checked("gho_"),
    "github-pat": github_pat,
    "github-user": checked("ghu_"),
    "gitlab-deploy": drawn("gldt-", URLSAFE, 20),
    "gitlab-job": drawn("glcbt-64_", URLSAFE, 20),
    "gitlab-pat": drawn("glpat-", URLSAFE, 20),
    "google": drawn("AIza", URLSAFE, 35),
    "google-access": drawn("ya29.a0A", URLSAFE, 160),
    "hex": drawn("", HEX, 64),
    "hook": drawn("", BASE62, 24),
    "huggingface": drawn("hf_", ascii_letters, 34),
    "jwt": jwt,
    "linear": drawn("lin_api_", BASE62, 40),
    "notion": drawn("ntn_", BASE62, 46),
    "npm": checked("npm_"),
    "numbers": numbers,
    "openai": drawn("sk-proj-", URLSAFE, 74, "T3BlbkFJ"),
    "openrouter": drawn("sk-or-v1-", HEX, 64),
    "password": drawn("", ascii_letters + digits, 18),
    "phrase": phrase,
    "pypi": pypi,
    "refresh": drawn("0.A", URLSAFE, 120),
    "registry": drawn("NpmToken.", HEX, 32),
    "rsa": rsa,
    "rsa-json": rsa_json,
    "rubygems": drawn("rubygems_", HEX, 48),
    "sentry": drawn("sntryu_", HEX, 64),
    "slack": slack,
    "ssh": ssh,
    "stripe": drawn("sk_live_51", BASE62, 24),
    "terraform": terraform,
    "vault": drawn("hvs.", BASE62, 90),
}
"""Every form by its name in a profile."""
