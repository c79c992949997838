"""Says in the history which tasks a loop without a cluster serves, and when it has stopped.

Other schedulers may use the same history. So each process has a row of its own, and its stop
explains only what was due of its own tasks.
"""

import os
import secrets
import socket
from datetime import datetime
from typing import Final

from jvscheduler.history.records.presences import SchedulerPresence, superseded
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.scheduling.served_tasks import ServedTasks
from jvscheduler.names import presence_id

_KEY_BYTES: Final = 8


class Presence:
    def __init__(
        self, store: LoopStore, served: ServedTasks, clock: Clock, namespace: str | None
    ) -> None:
        """`namespace`: None for a loop that a cluster replaces. It writes nothing."""
        self._store = store
        self._served = served
        self._clock = clock
        self._namespace = namespace
        self._host, self._process = socket.gethostname(), os.getpid()
        # Containers may have the same host name and the same process ids.
        self._key = secrets.token_hex(_KEY_BYTES)
        self._stop_time: datetime | None = None
        self._is_written = False

    @property
    def is_alone(self) -> bool:
        return self._namespace is not None

    def stop(self) -> None:
        """Nothing that comes due from now on is this loop's."""
        self._stop_time = self._clock.now()

    async def write(self) -> None:
        """Write the row as it is now. Raises HistoryUnavailable."""
        row = None if self._namespace is None else self._row(self._namespace)
        # A loop that has served nothing, as that of `dev --once`, has nothing to say.
        if row is None or not (row.tasks or self._is_written):
            return
        await self._store.record_presence(row)
        if not self._is_written:
            await self._remove_superseded(row)
        self._is_written = True

    async def write_stop(self) -> None:
        """Write the row, if the loop has stopped. Raises HistoryUnavailable.

        Without it, `verify` would find that what is due from now on has no record.
        """
        if self._stop_time is not None:
            await self.write()

    async def _remove_superseded(self, own: SchedulerPresence) -> None:
        presences = await self._store.presences(own.namespace)
        dead = {p.id for p in presences if p.host == self._host and not _runs(p.process)}
        await self._store.remove_presences(superseded(presences, own, dead, self._clock.now()))

    def _row(self, namespace: str) -> SchedulerPresence:
        return SchedulerPresence(
            id=presence_id(namespace, self._key),
            namespace=namespace,
            host=self._host,
            process=self._process,
            tasks=sorted(definition.task.task_id for definition in self._served),
            heartbeat_time=self._clock.now(),
            stop_time=self._stop_time,
        )


def _runs(process: int) -> bool:
    """True for a process of this host that runs. Another one may have its id by now."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
