"""Requests that change something come from our own pages, or from programs: no other site's page.

A browser sends some things by itself with every request, whichever page asks: cookies, a login of
the proxy, an address on the loopback. So a page of any site could act as its reader (cross-site
request forgery). It cannot do so as `Authorization: Bearer` does: a page adds that itself, and a
browser asks the server first, which never agrees.
"""

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from jvscheduler_server.access.access import Access, Gate
from jvscheduler_server.access.refusals import Forbidden

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing. OPTIONS is how a browser asks first."""

OWN_HEADER: Final = "X-Requested-With"
OWN_VALUE: Final = "jvscheduler"


async def enter(gate: Gate, connection: HTTPConnection) -> Access:
    """Return what the caller may do. Raises Refused for a caller, or a page, that may not come."""
    access = await gate.enter(connection)
    if gate.is_sent_by_browsers:
        check_same_origin(connection)
    return access


def check_same_origin(connection: HTTPConnection) -> None:
    """Raises Forbidden for a method that may change something, if any page could have sent it."""
    if connection.scope["method"] not in SAFE_METHODS and not _is_own(connection):
        raise Forbidden(
            "a page of another origin may not do this; a program sends the header "
            f"'{OWN_HEADER}: {OWN_VALUE}'"
        )


def _is_own(connection: HTTPConnection) -> bool:
    headers = connection.headers
    # A page of another origin cannot set this header: the browser asks first, see above.
    if headers.getlist(OWN_HEADER) == [OWN_VALUE]:
        return True
    if site := headers.getlist("sec-fetch-site"):
        return site == ["same-origin"]
    hosts, origins = headers.getlist("host"), headers.getlist("origin")
    # Only the names are compared: behind a proxy that ends TLS we do not know the scheme.
    return len(hosts) == 1 and [_host(origin) for origin in origins] == hosts


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
