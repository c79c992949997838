"""What one caller may do: `Access`, and the gate that finds it out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import HTTPConnection

from jvscheduler_server.access.actions import Action

Namespaces = frozenset[str] | None
"""The namespaces that a caller may see. None: all of them, also those not known yet."""


class Access(Protocol):
    """The rights of one caller. Each question may raise `Refused`, when nobody can answer it."""

    @property
    def caller_name(self) -> str | None:
        """Who calls. None: this way to log in does not tell callers apart."""

    async def allows(self, action: Action, namespace: str | None) -> bool:
        """True when the caller may do this there. A record without a namespace needs all."""

    async def namespaces(self, action: Action, known: Iterable[str]) -> Namespaces:
        """Return those of the known namespaces in which the caller may do this."""


class Gate(Protocol):
    """Decides who is let in. An application has one."""

    is_sent_by_browsers: bool
    """True when a browser may send by itself what the gate knows a caller by: see `same_origin`."""

    async def enter(self, connection: HTTPConnection) -> Access:
        """Return what the caller may do. Raises `Refused` for one who is not let in."""


def covers(namespaces: Namespaces, namespace: str | None) -> bool:
    """True when the namespace is one of these. A record without one needs all of them."""
    return namespaces is None or namespace in namespaces


@dataclass(frozen=True)
class FixedAccess:
    """The same rights for everybody, in every namespace."""

    actions: frozenset[Action]
    caller_name = None

    async def allows(self, action: Action, namespace: str | None) -> bool:  # noqa: ARG002
        return action in self.actions

    async def namespaces(self, action: Action, known: Iterable[str]) -> Namespaces:  # noqa: ARG002
        return None if action in self.actions else frozenset()


READING = FixedAccess(frozenset({Action.SEE, Action.LOGS}))
"""All reading and no action: nobody is known who could be held to an action."""


class OpenGate:
    """Lets everybody read. The mode `none`, and a user's own server, which has its own login."""

    is_sent_by_browsers = True

    async def enter(self, connection: HTTPConnection) -> Access:  # noqa: ARG002
        return READING
