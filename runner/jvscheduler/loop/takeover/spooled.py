"""The takeovers that this loop has written to its spool.

They stay there until they are settled. If the loop is killed before, the next loop finds
and settles them.
"""

from jvscheduler.due_instants.definition import revision_of
from jvscheduler.due_instants.takeover.decide import Takeover
from jvscheduler.history.records.takeovers import UnsettledTakeover
from jvscheduler.loop.recording.spool import Spool, SpoolEntry


def unsettled_of(takeover: Takeover) -> UnsettledTakeover:
    """The takeover as another loop can settle it."""
    definition = takeover.definition
    return UnsettledTakeover(definition.name, revision_of(definition, takeover.since))


class SpooledTakeovers:
    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._pending: dict[str, str] = {}
        """Ids of the revisions of takeovers that this loop is going to settle, by the name of
        the ScheduledTask."""
        self._settled: set[str] = set()
        """Ids of the revisions of takeovers that this loop has settled."""
        self._changed = False
        """True when the spool has takeovers that no longer wait for this loop."""

    @property
    def needs_replay(self) -> bool:
        return self._changed

    @property
    def is_empty(self) -> bool:
        """True when the spool holds no takeover of this loop's own."""
        return not self._pending and not self._changed

    def add(self, takeover: Takeover) -> None:
        """Write it to the spool, unless it is there."""
        name = takeover.definition.name
        if name not in self._pending:
            unsettled = unsettled_of(takeover)
            self._pending[name] = unsettled.revision.id
            self._spool.keep(unsettled)

    def hand_over(self, takeover: Takeover) -> None:
        """Leave it to the next replay, in the order of what else is spooled.

        Another loop or a CronJob serves the task now. The takeover is settled also if the
        history is there: its revision says what was in force while this loop had the task.
        """
        self.add(takeover)
        del self._pending[takeover.definition.name]
        self._changed = True

    def hand_over_all(self) -> None:
        """Leave all to the next replay: this loop ends and settles nothing more itself."""
        self._changed |= bool(self._pending)
        self._pending.clear()

    def mark_settled(self, name: str) -> None:
        """The next replay drops it from the spool."""
        revision = self._pending.pop(name, None)
        if revision is not None:
            self._settled.add(revision)
            self._changed = True

    def is_pending(self, entry: SpoolEntry) -> bool:
        """True for a takeover that this loop is going to settle: it stays in the spool."""
        if not isinstance(entry, UnsettledTakeover):
            return False
        return self._pending.get(entry.name) == entry.revision.id

    def is_settled(self, entry: UnsettledTakeover) -> bool:
        return entry.revision.id in self._settled

    def begin_replay(self) -> frozenset[str]:
        """The ids that are settled now: the replay drops their entries."""
        self._changed = False
        return frozenset(self._settled)

    def fail_replay(self) -> None:
        self._changed = True

    def end_replay(self, settled: frozenset[str]) -> None:
        """Forget these ids: their entries are no longer on disk."""
        self._settled -= settled
