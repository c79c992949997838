"""Which takeovers that are on disk this loop will settle itself.

They stay there until it has: should it be killed before, the next loop settles
them. What it has settled, or leaves to others, no longer waits for it and goes with
what else is spooled.
"""

from jvscheduler.due_instants.definition import revision_of
from jvscheduler.loop.recording.spool import Entry, Unsettled
from jvscheduler.loop.takeover.decide import Takeover


class Pledges:
    def __init__(self) -> None:
        self._open: dict[str, str] = {}
        """Ids of their revisions, by the resource's name."""
        self._kept: set[str] = set()
        self.has_news = False
        """Something on disk waits no longer."""

    def __bool__(self) -> bool:
        return bool(self._open) or self.has_news

    def make(self, takeover: Takeover) -> Unsettled | None:
        """What must be on disk; None: it is."""
        name = takeover.definition.name
        if name in self._open:
            return None
        revision = revision_of(takeover.definition, takeover.since)
        self._open[name] = revision.id
        return Unsettled(name, revision)

    def keep(self, name: str) -> None:
        revision = self._open.pop(name, None)
        if revision is not None:
            self._kept.add(revision)
            self.has_news = True

    def give_up(self, name: str) -> None:
        self.has_news |= self._open.pop(name, None) is not None

    def give_all_up(self) -> None:
        self.has_news |= bool(self._open)
        self._open.clear()

    def awaits(self, entry: Entry) -> bool:
        return isinstance(entry, Unsettled) and self._open.get(entry.name) == entry.revision.id

    def is_kept(self, entry: Unsettled) -> bool:
        return entry.revision.id in self._kept

    def kept(self) -> frozenset[str]:
        return frozenset(self._kept)

    def forget(self, kept: frozenset[str]) -> None:
        """They are no longer on disk."""
        self._kept -= kept
