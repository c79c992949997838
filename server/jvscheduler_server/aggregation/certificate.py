"""The listener's certificate, and the authority by which the API server verifies it.

The chart's Job makes them, and Kubernetes mounts them as files. All replicas have the same. A
renewed one is in the files a minute after it was made.
"""

from dataclasses import dataclass, field
from pathlib import Path

from jvscheduler.errors import TemporaryError


class NoCertificate(TemporaryError):
    """The files are not there, or cannot be read. They may come later."""


@dataclass(frozen=True)
class Certificate:
    """As PEM."""

    pair: bytes = field(repr=False)
    """The private key and the certificate, in one file as OpenSSL wants them."""
    authority: bytes


def read_certificate(folder: Path) -> Certificate:
    try:
        key, own, authority = (
            (folder / name).read_bytes() for name in ("tls.key", "tls.crt", "ca.crt")
        )
    except OSError as error:
        raise NoCertificate(f"the certificate of this server cannot be read: {error}") from error
    return Certificate(key + b"\n" + own, authority)
