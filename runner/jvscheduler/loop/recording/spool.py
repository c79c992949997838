"""Keeps on disk what the history could not take: one JSON object on each line.

The directory outlives the loop's process; in a cluster it outlives the container. It is
bounded, because a history that is away for days must not fill the node. At the bound an
entry is refused: the loop logs and counts it, and goes on running tasks. `verify` then
shows those instants as unexplained.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

from jvscheduler.edge.outcomes import from_json
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.records.takeovers import UnsettledTakeover, dumped
from jvscheduler.loop.log import Event, say
from jvscheduler.outcomes import Outcome, Reason, Status, Stretch, to_json

MAX_BYTES: Final = 256 * 1024 * 1024
"""The spool's size: some 400,000 jobs."""


SpoolEntry: TypeAlias = Outcome | Stretch | ScheduleRevision | UnsettledTakeover

_STRETCH_TIMES: Final = ("first", "last")


class Spool:
    """Two files: new entries go to one while the other is replayed."""

    def __init__(self, directory: Path, max_bytes: int = MAX_BYTES) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.folder: Final = directory
        self._kept = directory / "kept.jsonl"
        self._replayed = directory / "replayed.jsonl"
        self._max_bytes = max_bytes
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
            yield from (entry for line in file if (entry := _entry(line)) is not None)

    def remove_replayed(self) -> None:
        self._replayed.unlink()

    def _size(self) -> int:
        return sum(f.stat().st_size for f in (self._kept, self._replayed) if f.exists())


def _entry(line: bytes) -> SpoolEntry | None:
    """The entry. None: the line is the empty first one, or a crash cut it short."""
    try:
        return _from_json(json.loads(line))
    except json.JSONDecodeError:
        return None


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


def _from_json(data: dict[str, Any]) -> SpoolEntry:
    if "outcome" in data:
        return from_json(data["outcome"])
    if "revision" in data:
        return ScheduleRevision(**data["revision"])
    if "unsettled" in data:
        return UnsettledTakeover(data["name"], ScheduleRevision(**data["unsettled"]))
    return _stretch(data["gap"])


def _stretch(data: dict[str, Any]) -> Stretch:
    times = {name: datetime.fromisoformat(data[name]) for name in _STRETCH_TIMES}
    typed = {"status": Status(data["status"]), "reason": Reason(data["reason"])}
    return Stretch(**{**data, **times, **typed})
