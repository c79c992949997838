"""Who calls, as Kubernetes names users."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Caller:
    """A user of Kubernetes: a person, or a ServiceAccount."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """What an authenticator says besides; some authorizers read it."""


def to_caller(user: Mapping[str, Any]) -> Caller:
    """Read the `user` of a TokenReview's status."""
    extra = user.get("extra") or {}
    return Caller(
        user["username"],
        user.get("uid", ""),
        tuple(user.get("groups") or ()),
        tuple(sorted((key, tuple(values)) for key, values in extra.items())),
    )
