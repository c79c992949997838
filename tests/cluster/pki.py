"""Certificates and kubeconfigs of an API server that lives as long as a test session."""

import base64
import datetime
import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = datetime.timedelta(days=7)
SERVER_NAMES = (
    *("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"),
    "kubernetes.default.svc.cluster.local",
)
SERVER_ADDRESSES = ("127.0.0.1", "10.96.0.1")


@dataclass(frozen=True)
class Pair:
    """A private key and its certificate, as PEM files."""

    key: Path
    certificate: Path


@dataclass(frozen=True)
class Authority:
    """One CA for servers and clients; what it issues is written below `folder`."""

    folder: Path
    now: datetime.datetime

    @cached_property
    def key(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def name(self) -> x509.Name:
        return subject("jvscheduler-tests")

    @cached_property
    def certificate(self) -> Path:
        basic = x509.BasicConstraints(ca=True, path_length=None)
        builder = self._builder(self.name, self.key).add_extension(basic, critical=True)
        return self._write("ca.crt", builder)

    def issue_server(self) -> Pair:
        names: list[x509.GeneralName] = [x509.DNSName(name) for name in SERVER_NAMES]
        names += [x509.IPAddress(ipaddress.ip_address(text)) for text in SERVER_ADDRESSES]
        alternatives = x509.SubjectAlternativeName(names)
        usage = ExtendedKeyUsageOID.SERVER_AUTH
        return self._issue("server", subject("server"), usage, alternatives)

    def issue_client(self, name: str, *groups: str) -> Pair:
        file_name = name.replace(":", "-")
        return self._issue(file_name, subject(name, groups), ExtendedKeyUsageOID.CLIENT_AUTH)

    def issue_signing_key(self) -> Path:
        path = self.folder / "service-accounts.key"
        path.write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
        return path

    def write_kubeconfig(self, url: str, user: str, *groups: str) -> Path:
        pair = self.issue_client(user, *groups)
        path = pair.key.with_suffix(".kubeconfig")
        path.write_text(json.dumps(kubeconfig(url, self.certificate, pair), indent=1))
        path.chmod(0o600)
        return path

    def _issue(
        self,
        file_name: str,
        name: x509.Name,
        usage: x509.ObjectIdentifier,
        alternatives: x509.SubjectAlternativeName | None = None,
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(name, key)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if alternatives:
            builder = builder.add_extension(alternatives, critical=False)
        path = self.folder / f"{file_name}.key"
        path.write_bytes(pem(key))
        return Pair(path, self._write(f"{file_name}.crt", builder))

    def _builder(self, name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - LIFETIME)
            .not_valid_after(self.now + LIFETIME)
        )

    def _write(self, file_name: str, builder: x509.CertificateBuilder) -> Path:
        path = self.folder / file_name
        signed = builder.sign(self.key, hashes.SHA256())
        path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        return path


def subject(name: str, groups: Sequence[str] = ()) -> x509.Name:
    """Kubernetes reads the user from the common name, groups from organizations."""
    organizations = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*organizations, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def kubeconfig(url: str, authority: Path, pair: Pair) -> dict[str, object]:
    cluster = {"server": url, "certificate-authority-data": encoded(authority)}
    user = {
        "client-certificate-data": encoded(pair.certificate),
        "client-key-data": encoded(pair.key),
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": cluster}],
        "users": [{"name": "tests", "user": user}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "tests"}}],
        "current-context": "tests",
    }


def encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
