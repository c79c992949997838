"""A loop without a cluster, in `dev` and in a user's server. Its worker is a child process.

The worker imports jvspatial and none of the user's modules: each attempt imports those, so
that an edit of the code is in force with the next attempt. When the loop stops it waits for no
attempt: it terminates each one, and records it.
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
from jvscheduler.loop.execution.services import LoopIdentity, ignored
from jvscheduler.loop.local_pod import LocalPod, local_pod
from jvscheduler.loop.log import say
from jvscheduler.loop.loop import Loop
from jvscheduler.loop.pod_values import PodValues
from jvscheduler.loop.recording.spool import Spool
from jvscheduler.loop.recording.spool_folder import spool_folder
from jvscheduler.loop.worker_link.client import SocketWorker, connected
from jvscheduler.loop.worker_link.process import Show, WorkerProcess, socket_in_own_folder
from jvscheduler.names import LOCAL_NAMESPACE, resource_name
from jvscheduler.outcomes import Outcome
from jvscheduler.tasks import Task
from jvscheduler.worker.imports import BINDING

_NO_GRACE: Final = timedelta(0)


class LocalLoop:
    def __init__(
        self,
        loop: Loop,
        worker: SocketWorker,
        process: WorkerProcess,
        pod_of: Callable[[Task], LocalPod],
    ) -> None:
        self._loop = loop
        self._worker = worker
        self._process = process
        self._pod_of = pod_of
        self._noted: set[str] = set()
        self._tasks: Sequence[Task] = ()
        self._served: Sequence[Task] | None = None
        """None until the worker has answered: nothing is due before that."""

    def replace_tasks(self, tasks: Sequence[Task]) -> None:
        """Serve these tasks from now on.

        The old definition still counts for what was due before, and for the jobs that run.
        """
        self._tasks = tasks
        if self._served is not None:
            self._serve(self._served)

    async def run(self, stop: asyncio.Event, kill: asyncio.Event) -> None:
        """Serve the tasks until the stop. At `kill` every attempt that is still there is killed."""
        async with self._connected_worker(stop, kill):
            self._serve(())
            await self._loop.run(stop, _NO_GRACE)

    async def run_now(self, task: Task, stop: asyncio.Event, kill: asyncio.Event) -> Outcome | None:
        """Run one manual job and nothing else, then set `stop`.

        Returns the outcome of its last attempt. None: it had no attempt.
        """
        outcome = None
        async with self._connected_worker(stop, kill):
            running = asyncio.create_task(self._loop.run(stop, _NO_GRACE))
            if not stop.is_set():
                outcome = await self._loop.run_now(self._definition(task))
            stop.set()
            await running
        return outcome

    async def settle(self, enough: asyncio.Event) -> None:
        """Call it after the stop. Returns when the history has everything, or at `enough`.

        The rest stays on disk for the next loop.
        """
        await self._loop.settle(enough, "Ctrl-C leaves them there")

    def _serve(self, before: Sequence[Task]) -> None:
        ids = {task.task_id for task in self._tasks}
        for task in before:
            if task.task_id not in ids:
                self._loop.remove(resource_name(task.task_id), handed_over=False)
        for task in self._tasks:
            self._loop.put(self._definition(task))
        self._served = self._tasks

    def _definition(self, task: Task) -> Definition:
        """The task with what its pod would have. What it cannot have here is said once."""
        pod = self._pod_of(task)
        for note in (f"{task.task_id}: {note}" for note in pod.notes):
            if note not in self._noted:
                self._noted.add(note)
                say(note)
        return Definition(resource_name(task.task_id), LOCAL_NAMESPACE, task, pod.environ)

    @contextlib.asynccontextmanager
    async def _connected_worker(
        self, stop: asyncio.Event, kill: asyncio.Event
    ) -> AsyncIterator[None]:
        async with self._process.running():
            killing = asyncio.create_task(_when(kill, self._process.kill))
            try:
                async with connected(self._worker, self._loop.worker_listener, stop):
                    yield
            finally:
                killing.cancel()


@contextlib.contextmanager
def local_loop(  # noqa: PLR0913 - each is a part that only its user has
    store: LoopStore,
    database_url: str,
    environ: Mapping[str, str],
    clock: Clock,
    *,
    show: Show | None = None,
    on_attempt: Callable[[Outcome], None] = ignored,
    modules: Sequence[str] = (),
    values: PodValues,
) -> Iterator[LocalLoop]:
    """`show` gets what attempts print. Without it, that goes where this process prints.

    `on_attempt` is called with each attempt when it begins, and with its outcome. The worker
    imports `modules` before the user's. `values` are those of Secrets and ConfigMaps.
    """
    identity = LoopIdentity(LOCAL_NAMESPACE)
    own = {**environ, environment.DATABASE_URL: database_url}
    with spool_folder(database_url) as folder, socket_in_own_folder() as socket:
        worker = SocketWorker(socket)
        process = WorkerProcess(socket, own, show, (BINDING, *modules))
        loop = Loop(
            identity,
            store,
            Spool(folder),
            worker,
            clock,
            on_attempt=on_attempt,
            alone_in=LOCAL_NAMESPACE,
        )
        yield LocalLoop(
            loop, worker, process, lambda task: local_pod(task.template, values, environ)
        )


async def _when(event: asyncio.Event, act: Callable[[], None]) -> None:
    await event.wait()
    act()
