"""Keeps on disk what the history could not take: one JSON object on each line.

The directory outlives the loop's process; in a cluster it outlives the container. It is
bounded, because a history that is away for days must not fill the node. At the bound an
entry is refused: the loop logs and counts it, and goes on running tasks. `verify` then
shows those instants as unexplained.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeAlias

from pydantic import BaseModel, TypeAdapter

from jvscheduler.edge.bounded_json import read_strict_json
from jvscheduler.edge.outcomes import from_json
from jvscheduler.edge.set_aside import SetAside
from jvscheduler.edge.values import Error, Name, Small, Time
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.records.takeovers import UnsettledTakeover, dumped
from jvscheduler.loop.log import Event, say, say_problem
from jvscheduler.outcomes import Outcome, Reason, Status, Stretch, to_json

MAX_BYTES: Final = 256 * 1024 * 1024
"""The spool's size: some 400,000 jobs."""


SpoolEntry: TypeAlias = Outcome | Stretch | ScheduleRevision | UnsettledTakeover

_STRETCH_TIMES: Final = ("first", "last")
_NAME: Final = TypeAdapter(Name)


class Spool:
    """Two files: new entries go to one while the other is replayed."""

    def __init__(self, directory: Path, max_bytes: int = MAX_BYTES) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.folder: Final = directory
        self._kept = directory / "kept.jsonl"
        self._replayed = directory / "replayed.jsonl"
        self._max_bytes = max_bytes
        self._unreadable = SetAside("spooled entries", say_problem)
        self.refused = 0
        """Entries that were lost because the spool was full."""

    @property
    def is_empty(self) -> bool:
        return not (self._kept.exists() or self._replayed.exists())

    def keep(self, entry: SpoolEntry) -> bool:
        """True when the entry is on disk. False: the spool is full, and the entry is lost."""
        # The newline comes first: a line that a crash cut short spoils no later entry.
        line = b"\n" + json.dumps(_to_json(entry), separators=(",", ":")).encode()
        if self._size() + len(line) > self._max_bytes:
            self.refused += 1
            text = f"the spool is full, {self.refused} records are lost; mend the database"
            say(text, Event.PROBLEM)
            return False
        with self._kept.open("ab") as file:
            file.write(line)
        return True

    def replay(self) -> Iterator[SpoolEntry]:
        """The older entries. Call `remove_replayed` when the history has them all, then again.

        If the process is killed before that, the next replay begins with the same entries.
        """
        if not self._replayed.exists():
            self._kept.rename(self._replayed)
        with self._replayed.open("rb") as file:
            yield from (entry for line in file if (entry := self._entry(line)) is not None)

    def remove_replayed(self) -> None:
        self._replayed.unlink()

    def _entry(self, line: bytes) -> SpoolEntry | None:
        """The entry. None: the line is the empty first one, or it cannot be read."""
        # A crash cuts a line short, and a disk spoils one. If it stopped the replay, none of the
        # lines behind it would ever reach the history.
        line = line.strip()
        if not line:
            return None
        try:
            return _from_json(read_strict_json(line.decode()))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._unreadable.add(f"{line[:40]!r}", repr(error))
            return None

    def _size(self) -> int:
        return sum(f.stat().st_size for f in (self._kept, self._replayed) if f.exists())


def _to_json(entry: SpoolEntry) -> dict[str, Any]:
    match entry:
        case Outcome():
            return {"outcome": to_json(entry)}
        case Stretch():
            times = {name: getattr(entry, name).isoformat() for name in _STRETCH_TIMES}
            # 0.1.0's spools have this key: an upgraded loop replays them.
            return {"gap": {**asdict(entry), **times}}
        case ScheduleRevision():
            return {"revision": dumped(entry)}
        case UnsettledTakeover():
            return {"unsettled": dumped(entry.revision), "name": entry.name}


def _from_json(data: Any) -> SpoolEntry:
    if "outcome" in data:
        return from_json(data["outcome"])
    if "revision" in data:
        return ScheduleRevision(**data["revision"])
    if "unsettled" in data:
        name = _NAME.validate_python(data["name"])
        return UnsettledTakeover(name, ScheduleRevision(**data["unsettled"]))
    return Stretch(**vars(_Stretch.model_validate(data["gap"])))


class _Stretch(BaseModel):
    """The fields of `Stretch`. A key that this version does not know is ignored."""

    task_id: Name
    namespace: Name
    name: Name
    status: Status
    reason: Reason
    message: Error
    first: Time
    last: Time
    count: Small
