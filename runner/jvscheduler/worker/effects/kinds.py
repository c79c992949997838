"""A kind of settings: how they are read and written, and how a change of one is recognized."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final


class _Default:
    """Stands for a setting that is not set."""

    def __repr__(self) -> str:
        return "default"


DEFAULT: Final = _Default()


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of settings. `read` gives each by its name, and may leave out those not set."""

    name: str
    """The name as it stands in a sentence."""
    read: Callable[[], Mapping[Hashable, Any]]
    write: Callable[[Any, Any], object]
    """Called with a setting's name and its value, which may be DEFAULT."""
    is_list: bool = False
    """True when a change adds and removes elements, and leaves those of other modules."""
    begins_late: bool = False
    """The first value of such a setting is no change: its module of Python's has just come."""
    is_random: bool = False
    """Only a change that is the same in each process counts: a seed, and no draw."""


def one(
    name: str, read: Callable[[], Any], write: Callable[[Any], object], *, is_list: bool = False
) -> Kind:
    return Kind(name, lambda: {"": read()}, lambda _, value: write(value), is_list)


class WorkersFinder:
    """The worker's own finders are among those of `sys.meta_path`, and no setting of a module."""
