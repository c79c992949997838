"""Settles the takeovers of an earlier loop, which began while the history was away and ended.

They were found in its spool, in order with what else it did. None of the instants runs any
more.
"""

from collections.abc import Sequence
from dataclasses import replace

from jvscheduler.due_instants.decide import stretches_between
from jvscheduler.due_instants.definition import definition_of, revision_of
from jvscheduler.errors import InvalidSchedule
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.loop.log import Event, say
from jvscheduler.loop.recording.spool import UnsettledTakeover
from jvscheduler.loop.takeover.decide import Takeover, decide
from jvscheduler.loop.takeover.gather import gather


async def settle(store: LoopStore, takeovers: Sequence[UnsettledTakeover]) -> None:
    """Raises HistoryUnavailable. The same call may be made again."""
    for takeover in takeovers:
        await _settle(store, takeover)


async def _settle(store: LoopStore, spooled: UnsettledTakeover) -> None:
    since = spooled.revision.since
    if since is None:
        return
    try:
        takeover = Takeover(definition_of(spooled.revision, spooled.name), since)
    except InvalidSchedule as error:  # only a newer version can read it
        say_problem(spooled.name, str(error))
        return
    history = (await gather(store, {spooled.name: takeover}))[spooled.name]
    # Later revisions are those of this loop and of others after that one.
    earlier = [r for r in history.revisions if r.since is not None and r.since < since]
    period = decide(takeover, replace(history, revisions=earlier))
    await store.record_stretches(period.unclaimed)
    if period.problem:
        say_problem(spooled.name, period.problem)
    for stretches in stretches_between(period.definition, period.after, since):
        await store.record_stretches(stretches)
    if period.revision_since is not None:
        await store.add_revisions([revision_of(takeover.definition, period.revision_since)])


def say_problem(name: str, problem: str) -> None:
    say(f"what was due of {name} before this loop has no record: {problem}", Event.PROBLEM)
