"""Which requests are the user's own. Pure.

Every process of this machine reaches the loopback, also those of other users, and every page in
the user's browser. So the first request brings a secret that only the link in the user's terminal
has. The answer is a cookie, which the later requests bring.
"""

import secrets
from hmac import compare_digest
from typing import Final

from starlette.requests import HTTPConnection

from jvscheduler_server.access.refusals import Forbidden
from jvscheduler_server.access.same_origin import check_same_origin
from jvscheduler_server.dashboard.refusals import Misdirected, NoSession

NAMES: Final = ("127.0.0.1", "localhost", "[::1]")
HTTP_PORT: Final = 80
NO_LINK: Final = "open the link that `jvscheduler dashboard` printed in its terminal"
USED_TWICE: Final = (
    "the link was used twice, so that somebody else may have it. Nobody is let in any more: end "
    "`jvscheduler dashboard` and start it again"
)


class Session:
    """One start of the command: a link that works once, and the cookie that it gives."""

    def __init__(self, port: int) -> None:
        # A browser sends the cookies of a host to each of its ports.
        self.cookie: Final = f"jvscheduler-dashboard-{port}"
        self.link_token: Final = secrets.token_urlsafe(32)
        self._secret = secrets.token_urlsafe(32)
        self._hosts = frozenset(_hosts(port))
        self._is_used = False
        self._is_ended = False

    def check_address(self, connection: HTTPConnection) -> None:
        """Raises Misdirected for a `Host` that is not ours, Forbidden for another one's page.

        With DNS rebinding the name of any site leads here, and its page may read the answers. The
        browser still sends that name in `Host`.
        """
        hosts = connection.headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            raise Misdirected("call the dashboard as localhost or 127.0.0.1, with its port")
        for origin in connection.headers.getlist("origin"):
            if origin != f"http://{hosts[0]}":
                raise Forbidden("a page of another origin may not call the dashboard")

    def open(self, token: str, connection: HTTPConnection) -> str:
        """Take the token of the link; return the cookie's value. Raises NoSession.

        A link that is used twice was read by somebody else, such as in the list of processes when
        the browser started. Then nobody is let in any more, not that one either.
        """
        if not _is_same(token, self.link_token):
            raise NoSession(f"this link is of another start; {NO_LINK}")
        if self._is_used and not self._holds_cookie(connection):
            self._is_ended = True
        self._check_going()
        self._is_used = True
        return self._secret

    def check_cookie(self, connection: HTTPConnection) -> None:
        """Raises NoSession for a request without the cookie, Forbidden for another one's page."""
        self._check_going()
        if not self._holds_cookie(connection):
            raise NoSession(NO_LINK)
        # A page of another port of this machine is the same site to a browser.
        for site in connection.headers.getlist("sec-fetch-site"):
            if site not in ("same-origin", "none"):
                raise Forbidden("a page of another origin may not call the dashboard")
        check_same_origin(connection)

    def _check_going(self) -> None:
        if self._is_ended:
            raise NoSession(USED_TWICE)

    def _holds_cookie(self, connection: HTTPConnection) -> bool:
        return _is_same(connection.cookies.get(self.cookie, ""), self._secret)


def _hosts(port: int) -> list[str]:
    hosts = [f"{name}:{port}" for name in NAMES]
    return [*hosts, *NAMES] if port == HTTP_PORT else hosts


def _is_same(given: str, secret: str) -> bool:
    return compare_digest(given.encode(), secret.encode())
