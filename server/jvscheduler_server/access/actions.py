"""What a caller may do in a namespace, and the right in Kubernetes that allows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from jvscheduler.names import GROUP, PLURAL


class Action(StrEnum):
    """Something that a caller asks for, in one namespace."""

    SEE = "see"
    """See its tasks, their jobs and how each job ended."""
    LOGS = "logs"
    """Read what its jobs printed: log tails and tracebacks."""
    ACT = "act"
    """Change what its tasks do."""


@dataclass(frozen=True)
class Right:
    """A verb on a resource, as RBAC grants it."""

    verb: str
    group: str
    resource: str
    subresource: str = ""


RIGHTS: Final[Mapping[Action, Right]] = MappingProxyType(
    {
        Action.SEE: Right("list", GROUP, PLURAL),
        Action.LOGS: Right("get", "", "pods", "log"),
        Action.ACT: Right("update", GROUP, PLURAL),
    }
)
"""Who has the right has it already for `kubectl`: no other permissions need to be kept."""
