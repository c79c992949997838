"""Derives the address of the history that a namespace gets: with a role of its own. Pure.

Role, password and address follow from the namespace, one key and the operator's own
address. So the operator keeps no table of passwords and reads no Secret. It can write
a deleted Secret again while the database is away, and a restart changes nothing.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from jvscheduler import names

MIN_KEY_LENGTH: Final = 32
"""Characters. Who guesses the key knows every namespace's password."""

SCHEMA: Final = "schema"
"""The option of the address that names the namespace's schema. The history reads it."""

_STATEMENTS: Final = "statement_cache_size"
"""An option of ours, which the history reads. PostgreSQL's driver would send it to the server."""


@dataclass(frozen=True)
class Isolation:
    """The operator's own address in the database, and the key of the namespaces' passwords."""

    operator_url: str = field(repr=False)
    password_key: str = field(repr=False)

    def password_of(self, namespace: str) -> str:
        return self._derive(f"password:{namespace}")

    def url_of(self, namespace: str) -> str:
        """The operator's address with the namespace's role, password and schema."""
        role, parts = names.namespace_role(namespace), urlsplit(self.operator_url)
        hosts = parts.netloc.rpartition("@")[2]
        options = [*parse_qsl(parts.query, keep_blank_values=True), (SCHEMA, role)]
        return parts._replace(
            netloc=f"{role}:{self.password_of(namespace)}@{hosts}",
            # Slashes as they are: a path of a certificate stays readable.
            query=urlencode(options, safe="/"),
        ).geturl()

    def digest_of(self, namespace: str) -> str:
        """Another one for each address, from which nobody can learn the address."""
        return self._derive(f"digest:{self.url_of(namespace)}")[:16]

    @property
    def driver_url(self) -> str:
        """The operator's address without the options that only the history knows."""
        parts = urlsplit(self.operator_url)
        options = parse_qsl(parts.query, keep_blank_values=True)
        kept = [(name, value) for name, value in options if name not in (_STATEMENTS, SCHEMA)]
        return parts._replace(query=urlencode(kept, safe="/")).geturl()

    def _derive(self, purpose: str) -> str:
        digest = hmac.new(self.password_key.encode(), purpose.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
