"""Lets callers in, and gives each endpoint the rights of its caller.

`CallersOnly` stands before the whole application: a path that forgets to ask for the rights, and
one that does not exist, answers a stranger with 401 too. Only the kubelet's probes are open. In a
user's own application it stands before each of our routes.
"""

from collections.abc import Iterable
from typing import Final, cast

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from jvscheduler_server.access.access import Access, Gate, Namespaces
from jvscheduler_server.access.actions import Action
from jvscheduler_server.access.refusals import Refused
from jvscheduler_server.access.same_origin import enter
from jvscheduler_server.api.problems import refusal
from jvscheduler_server.cluster.objects import TaskState

PROBES: Final = frozenset({"/livez", "/readyz"})
"""The kubelet has no token. Their answers name no task and no namespace."""

_ACCESS: Final = "jvscheduler_access"
POLICY_VIOLATION: Final = 1008


class CallersOnly:
    """Answers whoever may not come in, and passes on everybody else with their rights."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return
        is_in = _ACCESS in scope.get("state", {})
        if scope["type"] == "http" and scope["path"] not in PROBES and not is_in:
            request = Request(scope)
            try:
                access = await enter(self._gate, request)
            except Refused as error:
                await refusal(request, error)(scope, receive, send)
                return
            scope = with_access(scope, access)
        await self._app(scope, receive, send)


def with_access(scope: Scope, access: Access) -> Scope:
    """Return the request of a caller who is in. No header can say this."""
    return {**scope, "state": {**scope.get("state", {}), _ACCESS: access}}


def caller_of(scope: Scope) -> str | None:
    """Return the name of who calls; None where callers are not told apart."""
    access = scope.get("state", {}).get(_ACCESS)
    return None if access is None else cast(Access, access).caller_name


async def access_of(request: Request) -> Access:
    """Return what the caller may do. Endpoints depend on this: `Depends(access_of)`."""
    return cast(Access, getattr(request.state, _ACCESS))


async def seen_namespaces(
    access: Access, tasks: Iterable[TaskState], named: str | None
) -> Namespaces:
    """Return the namespaces that an answer is about: those that the caller may see.

    Without a name they are those of the tasks. A namespace may have a history and no task any
    more; nobody can say for all such which a caller may see, but for the one that is named.
    """
    if named is None:
        return await access.namespaces(Action.SEE, {task.namespace for task in tasks})
    return frozenset({named}) if await access.allows(Action.SEE, named) else frozenset()
