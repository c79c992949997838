"""A loop without a cluster: in `dev` and in a user's server, its worker a child process.

The worker imports jvspatial and none of the user's modules: each run does, so that an
edit of the code counts for the next run. Told to stop the loop waits for no run: each is
told to terminate, and recorded.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from jvscheduler import environment
from jvscheduler.due_instants.definition import Definition
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.execution.attempts import LoopIdentity, ignored
from jvscheduler.loop.loop import Loop
from jvscheduler.loop.recording.spool import Spool
from jvscheduler.loop.recording.spool_folder import spool_folder
from jvscheduler.loop.worker_link.client import SocketWorker, connected
from jvscheduler.loop.worker_link.process import Show, worker_process
from jvscheduler.loop.worker_link.runs import Runs
from jvscheduler.names import resource_name
from jvscheduler.outcomes import Outcome
from jvscheduler.tasks import Task
from jvscheduler.worker.imports import BINDING

NAMESPACE: Final = "dev"
_NO_GRACE: Final = timedelta(0)


class LocalLoop:
    """`show` is told what runs print; without it that goes where this process prints.

    `on_attempt` is told each attempt when it begins, and what came of it.
    """

    def __init__(  # noqa: PLR0913 - each is a part that its user has
        self,
        store: LoopStore,
        spool: Spool,
        environ: Mapping[str, str],
        clock: Clock,
        *,
        show: Show | None = None,
        on_attempt: Callable[[Outcome], None] = ignored,
    ) -> None:
        self._runs = Runs()
        self._loop = Loop(
            LoopIdentity(NAMESPACE), store, spool, self._runs, clock, on_attempt=on_attempt
        )
        self._environ = environ
        self._show = show
        self._tasks: Sequence[Task] = ()
        self._served: Sequence[Task] | None = None
        """None until there is a worker: nothing is due before."""

    def replace_tasks(self, tasks: Sequence[Task]) -> None:
        """From now on: what was due before, and every job that runs, is still the old tasks'."""
        self._tasks = tasks
        if self._served is not None:
            self._serve(self._served)

    async def run(self, stop: asyncio.Event, kill: asyncio.Event) -> None:
        """Until the stop; at `kill` what still runs then is killed."""
        async with self._worker(stop, kill):
            self._serve(())
            await self._loop.run(stop, _NO_GRACE)

    async def run_now(self, task: Task, stop: asyncio.Event, kill: asyncio.Event) -> Outcome | None:
        """One manual job and nothing else, then the stop: what its last attempt came to."""
        outcome = None
        async with self._worker(stop, kill):
            running = asyncio.create_task(self._loop.run(stop, _NO_GRACE))
            if not stop.is_set():
                outcome = await self._loop.run_now(_definition(task))
            stop.set()
            await running
        return outcome

    async def settle(self, enough: asyncio.Event) -> None:
        """After the stop: until the history has everything, or `enough`; the rest is on disk."""
        await self._loop.settle(enough, "Ctrl-C leaves them there")

    def _serve(self, before: Sequence[Task]) -> None:
        ids = {task.task_id for task in self._tasks}
        for task in before:
            if task.task_id not in ids:
                self._loop.remove(resource_name(task.task_id), handed_over=False)
        for task in self._tasks:
            self._loop.put(_definition(task))
        self._served = self._tasks

    @contextlib.asynccontextmanager
    async def _worker(self, stop: asyncio.Event, kill: asyncio.Event) -> AsyncIterator[None]:
        async with worker_process(self._environ, self._show, (BINDING,)) as process:
            self._runs.worker = worker = SocketWorker(process.socket, self._runs)
            killing = asyncio.create_task(_when(kill, process.kill))
            try:
                async with connected(worker, stop):
                    yield
            finally:
                killing.cancel()


@contextlib.contextmanager
def local_loop(  # noqa: PLR0913 - as above
    store: LoopStore,
    database_url: str,
    environ: Mapping[str, str],
    clock: Clock,
    *,
    show: Show | None = None,
    on_attempt: Callable[[Outcome], None] = ignored,
) -> Iterator[LocalLoop]:
    own = {**environ, environment.DATABASE_URL: database_url}
    with spool_folder(database_url) as folder:
        yield LocalLoop(store, Spool(folder), own, clock, show=show, on_attempt=on_attempt)


def _definition(task: Task) -> Definition:
    return Definition(resource_name(task.task_id), NAMESPACE, task)


async def _when(event: asyncio.Event, act: Callable[[], None]) -> None:
    await event.wait()
    act()
