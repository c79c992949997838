"""Settles what an earlier loop has left: it began while the history was away, and ended before.

The loop after it knows what that one did, from its spool, and by the history's last
record before it, up to where there was an account. None of it is run any more.
"""

from collections.abc import Sequence

from jvscheduler.due_instants.decide import stretches_between
from jvscheduler.due_instants.definition import definition_of, revision_of
from jvscheduler.errors import InvalidSchedule
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.loop.log import Event, say
from jvscheduler.loop.recording.spool import UnsettledTakeover
from jvscheduler.loop.takeover.decide import Takeover, past
from jvscheduler.loop.takeover.gather import told_of


async def settle(store: LoopStore, left: Sequence[UnsettledTakeover]) -> None:
    """Raises HistoryUnavailable; then it can be done again."""
    for one in left:
        await _settle(store, one)


async def _settle(store: LoopStore, left: UnsettledTakeover) -> None:
    since = left.revision.since
    if since is None:
        return
    try:
        definition = definition_of(left.revision, left.name)
    except InvalidSchedule as error:  # only a newer version can read it
        say(f"the past of {left.name} has no record: {error}", Event.PROBLEM)
        return
    takeover = Takeover(definition, since)
    told = (await told_of(store, {left.name: takeover}))[left.name]
    earlier = [r for r in told.revisions if r.since is not None and r.since < since]
    found = past(takeover, earlier, told.before)
    await store.record_stretches(found.in_hand)
    if found.problem:
        say(f"the past of {left.name} has no record: {found.problem}", Event.PROBLEM)
    for stretches in stretches_between(found.definition, found.after, since):
        await store.record_stretches(stretches)
    if found.begins is not None:
        await store.add_revisions([revision_of(definition, found.begins)])
