"""What every request passes, in this order: headers, the login, a place at work.

It stands before our whole application. In a user's own application it stands before each of our
routes, and leaves the user's routes alone. Their places are one number all the same.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from jvscheduler_server.access.access import Gate
from jvscheduler_server.api.callers import CallersOnly, caller_of
from jvscheduler_server.api.edge.headers import SecurityHeaders
from jvscheduler_server.api.edge.requests import Places, RequestLimit
from jvscheduler_server.api.problems import too_many


class Entrance:
    """A stranger is answered 401 before there is a place for the request."""

    def __init__(self, app: ASGIApp, gate: Gate, places: Places) -> None:
        limited = RequestLimit(app, places, caller_of, too_many)
        self._app = SecurityHeaders(CallersOnly(limited, gate))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
