"""Ciphers whose key stands in the code beside what it enciphers: what that is, without running anything."""

MAX_TOKEN = 4 * 1024**2  # characters


def fernet(key: str | bytes | None, token: str | bytes | None) -> bytes | None:
    """What a token of Fernet holds; None where key or token is not known, or they do not fit."""
    if key is None or token is None or len(token) > MAX_TOKEN:
        return None
    try:
        from cryptography.fernet import Fernet, InvalidToken  # noqa: PLC0415 - slow to bring, and not always there
    except ImportError:
        return None
    try:
        return Fernet(key).decrypt(token)
    except (InvalidToken, ValueError, TypeError):
        return None
