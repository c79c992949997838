"""The history's database in memory, as far as the operator knows it."""

from dataclasses import dataclass, field

from jvscheduler import names
from jvscheduler_operator.database.roles import RoleNotMade


@dataclass
class MemoryRoles:
    passwords: dict[str, str] = field(default_factory=dict)
    """By the role's name."""
    calls: list[str] = field(default_factory=list)
    """The namespaces that were asked for, also in vain."""
    failure: RoleNotMade | None = None
    """Each call raises it."""

    async def make(self, namespace: str, password: str) -> None:
        self.calls.append(namespace)
        if self.failure is not None:
            raise self.failure
        self.passwords[names.namespace_role(namespace)] = password
