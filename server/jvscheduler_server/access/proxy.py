"""The mode `proxy`: an authenticating proxy says in headers who calls.

A header is believed from the proxy's addresses only, and what the caller may do is still asked
of the API server. A proxy that logs people in knows nothing of Kubernetes' own users: a name or a
group that begins with `system:` comes from a person who could choose it, and is not believed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

from starlette.requests import HTTPConnection

from jvscheduler_server.access.access import Access
from jvscheduler_server.access.callers import Caller
from jvscheduler_server.access.refusals import Unauthenticated
from jvscheduler_server.access.reviews import ReviewedAccess, Reviews

OF_KUBERNETES: Final = "system:"
AUTHENTICATED: Final = "system:authenticated"
"""Kubernetes' group of everybody who has logged in."""

MAX_GROUPS: Final = 500
MAX_NAME: Final = 1_000
"""Characters of a user's or a group's name."""


@dataclass(frozen=True)
class TrustedProxy:
    """Where the proxy is, and the headers in which it says who calls."""

    addresses: tuple[IPv4Network | IPv6Network, ...]
    user_header: str
    groups_header: str

    def contains(self, host: str) -> bool:
        """True when the request comes from the proxy."""
        try:
            address = ip_address(host)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in self.addresses)


class ProxyGate:
    """Lets in whom the proxy names."""

    is_sent_by_browsers = True

    def __init__(self, proxy: TrustedProxy, reviews: Reviews) -> None:
        self._proxy = proxy
        self._reviews = reviews

    async def enter(self, connection: HTTPConnection) -> Access:
        host = connection.client.host if connection.client else ""
        if not self._proxy.contains(host):
            raise Unauthenticated("this server answers its authenticating proxy only; call that")
        caller = caller_in(
            connection.headers.getlist(self._proxy.user_header),
            connection.headers.getlist(self._proxy.groups_header),
        )
        if caller is None:
            raise Unauthenticated(
                f"the proxy named no user in the header {self._proxy.user_header}; log in there"
            )
        return ReviewedAccess(caller, self._reviews)


def caller_in(users: Sequence[str], groups: Sequence[str]) -> Caller | None:
    """Return the user of these headers; None when they do not name exactly one."""
    if len(users) != 1 or not _is_name(users[0]):
        return None
    names = [name.strip() for header in groups for name in header.split(",")]
    believed = dict.fromkeys(name for name in names if _is_name(name))
    return Caller(users[0], groups=(*_first(believed, MAX_GROUPS), AUTHENTICATED))


def _is_name(text: str) -> bool:
    return 0 < len(text) <= MAX_NAME and not text.startswith(OF_KUBERNETES)


def _first(names: Iterable[str], most: int) -> tuple[str, ...]:
    return tuple(names)[:most]
