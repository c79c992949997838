"""A connection that tells the application whose client certificate it has."""

import asyncio
from collections.abc import Mapping
from typing import Any

from jvscheduler_server.aggregation.application import COMMON_NAME
from jvscheduler_server.api.edge.connections import BoundedConnection


class CertifiedConnection(BoundedConnection):
    """TLS has verified the certificate before: a client without one gets no connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        name = common_name(transport.get_extra_info("peercert") or {})
        self.app_state = {**self.app_state, COMMON_NAME: name}


def common_name(certificate: Mapping[str, Any]) -> str | None:
    """Return the one common name in a certificate's subject, as `ssl` shows it."""
    parts = [pair for rdn in certificate.get("subject", ()) for pair in rdn]
    names = [value for key, value in parts if key == "commonName"]
    return names[0] if len(names) == 1 else None
