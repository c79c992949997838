"""The mode `kubernetes`: a caller has a token of the cluster, and its rights in the cluster."""

import re
from typing import Final

from starlette.requests import HTTPConnection

from jvscheduler_server.access.access import Access
from jvscheduler_server.access.refusals import Unauthenticated
from jvscheduler_server.access.reviews import ReviewedAccess, Reviews

MAX_TOKEN: Final = 12_288
"""Characters: three quarters of the longest head of a request."""

TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""What RFC 6750 allows. Anything else is not asked about."""

HOW_TO_LOG_IN: Final = (
    "send the header 'Authorization: Bearer TOKEN' with a token of this cluster, such as that of "
    "`kubectl create token NAME --namespace NAMESPACE`"
)


class KubernetesGate:
    """Lets in whoever sends a token that the API server knows."""

    is_sent_by_browsers = False

    def __init__(self, reviews: Reviews) -> None:
        self._reviews = reviews

    async def enter(self, connection: HTTPConnection) -> Access:
        token = bearer_token(connection.headers.getlist("authorization"))
        caller = await self._reviews.caller(token) if token else None
        if caller is None:
            what = "the token is not valid" if token else "no valid token was sent"
            raise Unauthenticated(f"{what}; {HOW_TO_LOG_IN}")
        return ReviewedAccess(caller, self._reviews)


def bearer_token(headers: list[str]) -> str | None:
    """Return the token of these `Authorization` headers; None when they are not one with a token.

    Of two headers a proxy before us may have checked the other one.
    """
    if len(headers) != 1:
        return None
    scheme, _, token = headers[0].partition(" ")
    token = token.strip(" ")
    if scheme.lower() != "bearer" or len(token) > MAX_TOKEN or not TOKEN.fullmatch(token):
        return None
    return token
