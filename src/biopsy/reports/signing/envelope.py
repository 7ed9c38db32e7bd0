"""Statements in signed envelopes: DSSE 1.0, with the media type of in-toto."""

import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

import msgspec
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import Error as SignatureError
from securesystemslib.signer import CryptoSigner, Key

from biopsy.reports.signing import UntrustedError
from biopsy.reports.signing.statement import PREDICATE, STATEMENT, Statement

PAYLOAD = "application/vnd.in-toto+json"
SCHEMA = "verdict-1.json"
MAX_BYTES = 16 * 1024**2  # of one envelope


def sign(payload: bytes, signer: CryptoSigner) -> bytes:
    """Put a statement into an envelope, on one line; the same statement and key give the same bytes."""
    made = Envelope(payload, PAYLOAD, {})
    made.sign(signer)
    return msgspec.json.encode(made.to_dict())


def opened(data: bytes, keys: Sequence[Key], threshold: int = 1) -> Statement:
    """The statement that enough keys signed; raises UntrustedError for anything else.

    Nothing of an envelope is read before its signature is right, but for what is needed to see that.
    """
    if len(data) > MAX_BYTES:
        raise UntrustedError(f"an envelope of {len(data):,} bytes; the limit is {MAX_BYTES:,}")
    try:
        held = Envelope.from_dict(json.loads(data))
        held.verify(list(keys), threshold)
    except (SignatureError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UntrustedError(f"not signed as it should be: {type(error).__name__}: {error}") from error
    if held.payload_type != PAYLOAD:
        raise UntrustedError(f"signed, but as {held.payload_type!r}, which is no statement")
    return _statement(held.payload)


def _statement(payload: bytes) -> Statement:
    try:
        said: Any = msgspec.json.decode(payload)
    except msgspec.DecodeError as error:
        raise UntrustedError(f"signed, but not JSON: {error}") from error
    if not isinstance(said, dict) or said.get("_type") != STATEMENT or said.get("predicateType") != PREDICATE:
        raise UntrustedError(f"signed, but no statement of the type {PREDICATE}")
    if fault := _fault(said):
        raise UntrustedError(f"signed, but not as schema/{SCHEMA} has it: {fault}")
    return said


def _fault(said: Statement) -> str:
    """What the schema of statements has against one; empty: nothing."""
    try:
        import jsonschema_rs as rs  # noqa: PLC0415 - an extra
    except ImportError:
        return ""
    text = resources.files("biopsy").joinpath("schema", SCHEMA).read_text(encoding="utf-8")
    error = next(iter(rs.validator_for(json.loads(text)).iter_errors(said)), None)
    return error.message[:300] if error else ""
