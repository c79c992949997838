"""Counts what was set aside, and names each once in the log."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from jvscheduler.errors import TemporaryError
from jvscheduler.outcomes import one_line

MAX_NAMES: Final = 10_000
"""Names that are remembered. Beyond, the oldest may be named in the log once more."""


_counts: Final[Counter[str]] = Counter()
"""Of the whole process, as a log is: edges are in the cluster, the history and the loop."""


def counts() -> Mapping[str, int]:
    """How many were set aside since the process started, by kind."""
    return dict(_counts)


class SetAside:
    """`kind` says in the log and in the count what the objects are. `log` gets the lines."""

    def __init__(self, kind: str, log: Callable[[str], object]) -> None:
        self._kind = kind
        self._log = log
        self._named: dict[str, None] = {}
        """The oldest first."""
        self.count = 0
        """How many objects have been set aside since the process started."""

    @contextmanager
    def guard(self, name: str) -> Iterator[None]:
        """Set the object aside if the block fails, and go on with the next one.

        A TemporaryError is about no object: it is raised.
        """
        try:
            yield
        except TemporaryError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is about this object
            self.add(name, repr(error))

    def add(self, name: str, problem: str) -> None:
        """Set one aside. It counts once, however often it comes."""
        name = one_line(name)
        if name in self._named:
            return
        self._named[name] = None
        if len(self._named) > MAX_NAMES:
            del self._named[next(iter(self._named))]
        self.count += 1
        _counts[self._kind] += 1
        self._log(f"{self._kind}: {name} is set aside: {one_line(problem)}")


def name_of(item: Any) -> str:
    """Return the namespace and name that an object of Kubernetes says, for the log."""
    metadata = item.get("metadata") if isinstance(item, dict) else None
    known = metadata if isinstance(metadata, dict) else {}
    # A name that is no text may be too deep for Python to write.
    names = (known.get("namespace"), known.get("name"))
    return "/".join(name if isinstance(name, str) else "?" for name in names)
