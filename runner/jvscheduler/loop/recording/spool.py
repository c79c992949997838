"""What the history could not take, on disk until it can: one JSON object on each line.

It lies in a directory that outlives the loop's process (in a cluster, its
container). It is bounded: a history that is away for days must not fill the
node. At the bound an entry is refused; the loop says so, counts it, and goes
on running tasks; `verify` then shows those instants as unexplained.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.outcomes import Outcome, Reason, Status, Stretch, from_json, to_json

MAX_BYTES: Final = 256 * 1024 * 1024
"""Some 400,000 runs."""


@dataclass(frozen=True)
class Unsettled:
    """A task that a loop began to serve while the history was away, as it was then: what had been
    due before has no account so long as that loop does not settle it."""

    name: str
    """The resource's."""
    revision: ScheduleRevision


Entry: TypeAlias = Outcome | Stretch | ScheduleRevision | Unsettled

_STRETCH_TIMES: Final = ("first", "last")


class Spool:
    """Entries are kept in one file while those of another are being replayed."""

    def __init__(self, directory: Path, max_bytes: int = MAX_BYTES) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._kept = directory / "kept.jsonl"
        self._replayed = directory / "replayed.jsonl"
        self._max_bytes = max_bytes
        self.refused = 0
        """Entries that were lost because the spool was full."""

    @property
    def is_empty(self) -> bool:
        return not (self._kept.exists() or self._replayed.exists())

    def keep(self, entry: Entry) -> bool:
        """False when there is no room."""
        line = b"\n" + json.dumps(_to_json(entry), separators=(",", ":")).encode()
        if self._size() + len(line) > self._max_bytes:
            self.refused += 1
            return False
        with self._kept.open("ab") as file:
            file.write(line)
        return True

    def replay(self) -> Iterator[Entry]:
        """The older entries; call `replayed` once the history has them all, then again."""
        if not self._replayed.exists():
            self._kept.rename(self._replayed)
        with self._replayed.open("rb") as file:
            yield from (entry for line in file if (entry := _entry(line)) is not None)

    def replayed(self) -> None:
        self._replayed.unlink()

    def _size(self) -> int:
        return sum(f.stat().st_size for f in (self._kept, self._replayed) if f.exists())


def _entry(line: bytes) -> Entry | None:
    """None for the empty first line, and for one that a crash cut short."""
    try:
        return _from_json(json.loads(line))
    except json.JSONDecodeError:
        return None


def _to_json(entry: Entry) -> dict[str, Any]:
    match entry:
        case Outcome():
            return {"outcome": to_json(entry)}
        case Stretch():
            times = {name: getattr(entry, name).isoformat() for name in _STRETCH_TIMES}
            return {"gap": {**asdict(entry), **times}}
        case ScheduleRevision():
            return {"revision": _dumped(entry)}
        case Unsettled():
            return {"unsettled": _dumped(entry.revision), "name": entry.name}


def _dumped(revision: ScheduleRevision) -> dict[str, Any]:
    return revision.model_dump(mode="json", exclude={"entity", "type_code"})


def _from_json(data: dict[str, Any]) -> Entry:
    if "outcome" in data:
        return from_json(data["outcome"])
    if "revision" in data:
        return ScheduleRevision(**data["revision"])
    if "unsettled" in data:
        return Unsettled(data["name"], ScheduleRevision(**data["unsettled"]))
    return _stretch(data["gap"])


def _stretch(data: dict[str, Any]) -> Stretch:
    times = {name: datetime.fromisoformat(data[name]) for name in _STRETCH_TIMES}
    typed = {"status": Status(data["status"]), "reason": Reason(data["reason"])}
    return Stretch(**{**data, **times, **typed})
