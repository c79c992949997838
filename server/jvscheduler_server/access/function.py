"""The gate of an application that has its own users: it is asked what each of them may do."""

from collections.abc import Awaitable, Callable, Iterable
from inspect import isawaitable

from starlette.requests import HTTPConnection

from jvscheduler_server.access.access import Access, Namespaces
from jvscheduler_server.access.actions import Action
from jvscheduler_server.access.refusals import Forbidden

Authorize = Callable[[HTTPConnection, Action], bool | Awaitable[bool]]
"""True when the caller of this request may do this. It may raise an HTTPException of its own."""


class FunctionGate:
    """Lets in whom the function allows to see."""

    is_sent_by_browsers = True
    """The application may know its users by a cookie."""

    def __init__(self, authorize: Authorize) -> None:
        self._authorize = authorize

    async def enter(self, connection: HTTPConnection) -> Access:
        access = FunctionAccess(self._authorize, connection)
        if not await access.allows(Action.SEE, None):
            raise Forbidden("you may not see the scheduled tasks of this server")
        return access


class FunctionAccess:
    """The answers of the application's function. It has one namespace."""

    caller_name = None

    def __init__(self, authorize: Authorize, connection: HTTPConnection) -> None:
        self._authorize = authorize
        self._connection = connection

    async def allows(self, action: Action, namespace: str | None) -> bool:  # noqa: ARG002
        answer = self._authorize(self._connection, action)
        # Only True opens: a function that forgot its answer returns None.
        return (await answer if isawaitable(answer) else answer) is True

    async def namespaces(self, action: Action, known: Iterable[str]) -> Namespaces:  # noqa: ARG002
        return None if await self.allows(action, None) else frozenset()
