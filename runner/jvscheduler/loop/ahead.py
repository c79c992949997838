"""A history that is ahead of the loop's clock: what it has an account of is not due again.

So it is when a clock was set back while no loop ran, or was ahead while one did. The
tasks rest until their clock has come there, as they do when it is set back under a loop
that runs.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from jvscheduler.history.store import LoopStore
from jvscheduler.loop.recovery import Takeover
from jvscheduler.loop.roster import Roster

_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)


async def rest_until_recorded(
    store: LoopStore, roster: Roster, untold: Mapping[str, Takeover]
) -> None:
    """Raises HistoryUnavailable."""
    tasks = [takeover.definition.task.task_id for takeover in untold.values()]
    for namespace in {takeover.definition.namespace for takeover in untold.values()}:
        latest = await store.last_instants(namespace, tasks, _FOR_EVER)
        for name, takeover in list(untold.items()):
            instant = latest.get(takeover.definition.task.task_id)
            if instant is not None and roster.skip(name, instant):
                takeover.since = takeover.recorded = instant
