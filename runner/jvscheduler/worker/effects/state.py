"""The settings of the process at a time, and the changes between two times."""

import contextlib
import hashlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from jvscheduler.worker.effects.kinds import DEFAULT, Kind
from jvscheduler.worker.effects.process import PROCESS
from jvscheduler.worker.effects.python import PYTHON, VARIABLES

KINDS: Final = (*PROCESS, *PYTHON)

State: TypeAlias = Mapping[Kind, Mapping[Hashable, Any]]
"""The settings of each kind, by their names."""

_COMPARED: Final = (str, bytes, int, float, tuple, list, dict, set, frozenset)
"""Other values are compared by identity: their comparison would run code that is not ours."""


@dataclass(frozen=True)
class Change:
    kind: Kind
    which: Hashable
    value: Any
    removed: Sequence[Any] = ()
    """The elements that a list lost. `value` are then the elements that were added at its end."""
    first: Sequence[Any] = ()
    """The elements that were added at the beginning of a list."""

    def make(self) -> None:
        if not self.kind.is_list:
            self.kind.write(self.which, self.value)
            return
        left = [each for each in self.kind.read().get(self.which, ()) if each not in self.removed]
        new = [each for each in (*self.first, *self.value) if each not in left]
        first = [each for each in self.first if each in new]
        last = [each for each in self.value if each in new]
        self.kind.write(self.which, [*first, *left, *last])

    def digest(self) -> str:
        return hashlib.sha256(repr(self.value).encode()).hexdigest()


def read_state() -> State:
    return {kind: kind.read() for kind in KINDS}


def changes(before: State, after: State) -> Sequence[Change]:
    """Return what was changed, in the order of the kinds."""
    return [
        _change(kind, which, old, new)
        for kind in KINDS
        if not _is_same(before[kind], after[kind])
        for which in dict.fromkeys((*before[kind], *after[kind]))
        for old, new in [(before[kind].get(which, DEFAULT), after[kind].get(which, DEFAULT))]
        if not _is_same(old, new) and not (kind.begins_late and old is DEFAULT)
    ]


def with_late(before: State, now: State) -> State:
    """Return the state before, with the settings that came since with a module of Python's."""
    late = {kind: {**now[kind], **before[kind]} for kind in KINDS if kind.begins_late}
    return {**before, **late}


def take_back(before: State) -> Sequence[Change]:
    """Give each setting the value that it had before. Return the changes that remain."""
    for change in changes(read_state(), before):
        value = before[change.kind].get(change.which, DEFAULT)
        empty = change.kind.is_list and value is DEFAULT
        # The kernel refuses to raise a limit again. The user's code may have replaced a function.
        with contextlib.suppress(Exception):
            change.kind.write(change.which, [] if empty else value)
    remaining = changes(before, read_state())
    return [each for each in remaining if not each.kind.is_random and each.kind is not VARIABLES]


def names(found: Iterable[Change]) -> str:
    return ", ".join(dict.fromkeys(change.kind.name for change in found))


def _is_same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if type(one) is not type(other) or not isinstance(one, _COMPARED):
        return False
    # The elements of a list or a dict are compared by their own code, unless they are identical.
    try:
        return bool(one == other)
    except Exception:  # noqa: BLE001 - an array of NumPy has no single answer
        return False


def _change(kind: Kind, which: Hashable, before: Any, after: Any) -> Change:
    if not kind.is_list:
        return Change(kind, which, after)
    old = [] if before is DEFAULT else before
    new = [] if after is DEFAULT else after
    removed = [each for each in old if each not in new]
    kept = next((at for at, each in enumerate(new) if each in old), len(new) if not old else 0)
    first = [each for each in new[:kept] if each not in old]
    last = [each for each in new[kept:] if each not in old]
    return Change(kind, which, last, removed, first)
