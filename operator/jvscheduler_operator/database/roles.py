"""What the operator asks of the history's database."""

from typing import Protocol

from jvscheduler.errors import TemporaryError


class RoleNotMade(TemporaryError):
    """The database is away, or refuses. The message is for the user, and has no driver's text.

    Every refusal is temporary: somebody may prepare the database at any time.
    """


class NamespaceRoles(Protocol):
    async def make(self, namespace: str, password: str) -> None:
        """Make or repair the namespace's schema, tables and role, with this password.

        It is bounded in time and safe to repeat. Raises RoleNotMade.
        """
