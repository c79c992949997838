"""Who calls, as Kubernetes names users."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """A user of Kubernetes: a person, or a ServiceAccount."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """What an authenticator says besides; some authorizers read it."""
