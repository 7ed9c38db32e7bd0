"""A certificate authority for one command: it stands for the registries that the command asks, and no others.

Its key is never written anywhere, and it ends with the command.
"""

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LASTS = timedelta(days=2)


class Authority:
    """Makes certificates for hosts."""

    def __init__(self) -> None:
        """Make the authority's own."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "biopsy guard, for one command")])
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
            decipher_only=False,
        )  # fmt: skip
        made = self._begun(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self._own = made.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())
        self.context = lru_cache(64)(self._context)

    def bundle(self, others: bytes) -> bytes:
        """What a client is to believe: this authority, and others as it would."""
        return self._own.public_bytes(serialization.Encoding.PEM) + others

    def _begun(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + LASTS)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )

    def _context(self, host: str) -> ssl.SSLContext:
        """What a server at a host speaks TLS with."""
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            named: x509.GeneralName = x509.IPAddress(ip_address(host))
        except ValueError:
            named = x509.DNSName(host)
        made = self._begun(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])]), key)
        made = made.add_extension(x509.SubjectAlternativeName([named]), critical=False)
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        held = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        plain = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        signed = held.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        with tempfile.TemporaryDirectory(prefix="biopsy-guard-") as folder:  # OpenSSL takes files alone
            path = Path(folder) / "host.pem"
            path.touch(0o600)
            path.write_bytes(plain + signed)
            context.load_cert_chain(path)
        return context
