"""The certificate authority of a run, and certificates made on the spot for any name it is asked for."""

import datetime as dt
import ipaddress
import os
import ssl
from collections import OrderedDict
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FILES = ("ca.pem", "ca.key")
"""What `make` writes."""

MAX_CONTEXTS = 4096
"""Certificates kept ready; the one used longest ago gives way."""

_MAX_COMMON = 64  # characters of a common name (X.520)
_PEM = serialization.Encoding.PEM
_BARE = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def make(folder: Path) -> None:
    """Write a fresh authority into `folder`: `ca.pem`, and `ca.key` for its owner only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Meridian Root CA R4", "Meridian Trust Services")
    ski = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    cert = (
        _started(name, name, key.public_key(), years=(4, 16))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(ski, critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(cert.public_bytes(_PEM))
    fd = os.open(folder / "ca.key", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(key.private_bytes(_PEM, *_BARE))


class Authority:
    """Answers TLS for any name or address, with a certificate that the run's authority signed."""

    def __init__(self, folder: Path) -> None:
        """Read the authority that `make` wrote into `folder`."""
        self._cert = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
        key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key
        self._leaf = ec.generate_private_key(ec.SECP256R1())  # one for all: nobody compares, and it is quick
        self._contexts: OrderedDict[str, ssl.SSLContext] = OrderedDict()

    def context(self, *names: str) -> ssl.SSLContext:
        """A server's context whose certificate is good for each of `names` (host names or addresses)."""
        key = "\n".join(names)
        if (known := self._contexts.get(key)) is not None:
            self._contexts.move_to_end(key)
            return known
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1", "h2"])  # who speaks both is heard best in the first
        context.sni_callback = self._told
        self._load(context, self.issue(*names))
        self._contexts[key] = context
        if len(self._contexts) > MAX_CONTEXTS:
            self._contexts.popitem(last=False)
        return context

    def _told(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        """Take the certificate of the name that a client asks for; `wire.Secure` reads it from `told`."""
        if name:
            connection.context = self.context(name.lower())
            connection.told = name.lower()  # type: ignore[attr-defined]

    def issue(self, *names: str) -> bytes:
        """A certificate for `names`, then its key and the authority, in PEM."""
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        public = self._leaf.public_key()
        cert = (
            _started(_name(names[0]), self._cert.subject, public, years=(1, 9))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(list(map(_alternative, names))), critical=False)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(issuer, critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return cert.public_bytes(_PEM) + self._leaf.private_bytes(_PEM, *_BARE)

    def _load(self, context: ssl.SSLContext, pem: bytes) -> None:
        # ssl reads certificates from files only; this one never touches a disk.
        fd = os.memfd_create("leaf")
        try:
            os.write(fd, pem)
            context.load_cert_chain(f"/proc/self/fd/{fd}")
        finally:
            os.close(fd)


def _started(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, years: tuple[int, int]
) -> x509.CertificateBuilder:
    """A certificate yet without extensions, good for `years` back and ahead: clocks inside may be moved."""
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=365 * years[0]))
        .not_valid_after(now + dt.timedelta(days=365 * years[1]))
    )


def _name(common: str, organisation: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common[:_MAX_COMMON] or "host")]
    if organisation:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name.encode("ascii", "replace").decode("ascii"))


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
