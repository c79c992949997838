"""Retries or closes the jobs that an earlier loop left unfinished."""

from jvscheduler.loop.execution.dispatch import Dispatch
from jvscheduler.loop.execution.executor import Executor
from jvscheduler.loop.execution.jobs import unfinished_job
from jvscheduler.loop.execution.outcomes import silent_attempts
from jvscheduler.loop.execution.services import Services
from jvscheduler.loop.log import say_outcome
from jvscheduler.loop.recording.guarded_history import GuardedHistory
from jvscheduler.loop.scheduling.served_tasks import ServedTasks
from jvscheduler.outcomes import Status


class UnfinishedJobs:
    def __init__(
        self,
        history: GuardedHistory,
        executor: Executor,
        served: ServedTasks,
        dispatch: Dispatch,
        services: Services,
    ) -> None:
        self._history = history
        self._executor = executor
        self._served = served
        self._dispatch = dispatch
        self._clock = services.clock
        self._recorder = services.recorder

    async def settle(self) -> None:
        """Make the retries that were not made, and close the jobs whose runner fell silent.

        Raises HistoryUnavailable. Nothing is done while another loop may still have
        something to replay: it would change what is unfinished.
        """
        if not self._history.is_complete:
            return
        now = self._clock.now()
        for record in await self._history.store.unfinished():
            # A job of a pod of its own is the server's to close.
            if record.loop is None or self._executor.is_active(record.id):
                continue
            definition = self._served.of_task(record.namespace, record.job_name)
            if definition is None:
                continue
            for outcome in silent_attempts(record, now):
                await self._recorder.record(outcome)
                say_outcome(outcome)
            if record.status is Status.PENDING:
                self._dispatch.start_job(unfinished_job(definition, record))
