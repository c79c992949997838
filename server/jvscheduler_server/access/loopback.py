"""The gate of `jvscheduler dev`: programs of this machine, and pages that it serves itself.

The address alone is not enough. A page of any site can send requests to 127.0.0.1 from the
user's browser, and with DNS rebinding read the answers: its own name then leads to 127.0.0.1. The
browser still sends that name in `Host`, and the page's origin in `Origin`.
"""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from jvscheduler_server.access.access import Access, FixedAccess
from jvscheduler_server.access.actions import Action
from jvscheduler_server.access.refusals import Forbidden

LOCALHOST: Final = "localhost"
EVERYTHING: Final = FixedAccess(frozenset(Action))


class LoopbackGate:
    """Lets in whoever calls this machine by its own name, and not from another site's page."""

    is_sent_by_browsers = True

    async def enter(self, connection: HTTPConnection) -> Access:
        check_local(connection)
        return EVERYTHING


def check_local(connection: HTTPConnection) -> None:
    """Raises Forbidden for a `Host` that is not this machine, or the `Origin` of another page."""
    hosts = connection.headers.getlist("host")
    if len(hosts) != 1 or not is_loopback(_name(f"//{hosts[0]}")):
        raise Forbidden("call this server as localhost or 127.0.0.1: it answers no other Host")
    for origin in connection.headers.getlist("origin"):
        if origin != f"http://{hosts[0]}":
            raise Forbidden("a page of another origin may not call this server")


def is_loopback(host: str) -> bool:
    """True for `localhost` and for the addresses that no other machine can reach."""
    try:
        return host.lower() == LOCALHOST or ip_address(host).is_loopback
    except ValueError:
        return False


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
