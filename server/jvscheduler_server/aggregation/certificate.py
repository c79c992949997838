"""The listener's own certificate: made at each start, and kept by nobody.

Each replica has another one, so that there is nothing to share, to renew or to keep out of a
repository. The API server does not verify it (`insecureSkipTLSVerify`). What follows from that is
in docs/reference/api.md. The other direction is verified: who calls here is the API server.
"""

import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LIFETIME: Final = datetime.timedelta(days=3650)
"""A server runs for as long as this at most."""


def self_signed(name: str, now: datetime.datetime) -> bytes:
    """Return a new key and its certificate, as one PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # The API server's clock may be behind ours.
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
