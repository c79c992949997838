"""Makes certificates: of an authority of the installation's own, and what it signs.

The lifetimes are long on purpose. The authority's key lies in a Secret of the same namespace as
what it signs: who can read the one can read the other, so that a shorter life would protect
nothing. An expired certificate however stops every connection at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFETIME: Final = timedelta(days=30 * 365)
LIFETIME: Final = timedelta(days=10 * 365)
"""Of what an authority signs."""

_CLOCKS: Final = timedelta(days=1)
"""How far the clock of who verifies may be behind ours."""

_USAGES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, as PEM."""

    certificate: str
    key: str = field(repr=False)


def make_authority(name: str, now: datetime, key: str | None = None) -> Pair:
    """A new authority, or one that has been renewed: with its old key.

    What the old certificate has signed is valid for the new one too, and the other way round. So
    nobody has to learn of a renewal at once.
    """
    private = ec.generate_private_key(ec.SECP256R1()) if key is None else _private(key)
    subject = _name(name)
    builder = (
        _builder(private, private, now)
        .subject_name(subject)
        .issuer_name(subject)
        .not_valid_after(now + AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
    )
    return _signed(builder, private, private)


def sign(authority: Pair, names: Sequence[str], now: datetime) -> Pair:
    """A new certificate for a server with these names."""
    private, signer = ec.generate_private_key(ec.SECP256R1()), _private(authority.key)
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    builder = (
        _builder(private, signer, now)
        .subject_name(_name(names[0]))
        .issuer_name(_certificate(authority.certificate).subject)
        .not_valid_after(now + LIFETIME)
        .add_extension(alternatives, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    return _signed(builder, private, signer)


def check(pair: Pair) -> None:
    """Raises ValueError when one of the two cannot be read, or they do not belong together."""
    if _certificate(pair.certificate).public_key() != _private(pair.key).public_key():
        raise ValueError("the certificate is of another key")


def end_of(certificate: str) -> datetime:
    """When the certificate expires."""
    return _certificate(certificate).not_valid_after_utc


def is_signed_by(certificate: str, authority: str) -> bool:
    try:
        _certificate(certificate).verify_directly_issued_by(_certificate(authority))
    except (ValueError, InvalidSignature):
        return False
    return True


def names_in(certificate: str) -> frozenset[str]:
    extensions = _certificate(certificate).extensions
    try:
        found = extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(found.value.get_values_for_type(x509.DNSName))


def _certificate(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def _private(pem: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("the key is none of an elliptic curve")  # noqa: TRY004 - not its type
    return key


def _name(text: str) -> x509.Name:
    # A common name has at most 64 characters. Nobody verifies it.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _builder(
    key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    signers = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return (
        x509.CertificateBuilder()
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS)
        .add_extension(own, critical=False)
        .add_extension(signers, critical=False)
    )


def _usage(*wanted: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in wanted for usage in _USAGES})


def _signed(
    builder: x509.CertificateBuilder,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
) -> Pair:
    certificate = builder.sign(signer, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Pair(certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode())
