"""Acts on decisions in the background: starts the jobs, and records the instants without one."""

from collections.abc import Callable
from functools import partial
from typing import Final

from jvscheduler.due_instants.decide import DueDecision
from jvscheduler.due_instants.definition import Definition
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.records.takeovers import UnsettledTakeover
from jvscheduler.loop.background import Background
from jvscheduler.loop.execution.executor import Executor
from jvscheduler.loop.execution.jobs import Job, due_job
from jvscheduler.loop.log import say
from jvscheduler.loop.recording.recorder import LoopRecorder
from jvscheduler.loop.recording.write_order import Turn, WriteOrder, in_turn


class Dispatch:
    def __init__(
        self, executor: Executor, recorder: LoopRecorder, jobs: Background, writes: Background
    ) -> None:
        self.order: Final = WriteOrder()
        """The order of what came due while this loop has had the tasks."""
        self._executor = executor
        self._recorder = recorder
        self._jobs = jobs
        self._writes = writes

    def apply(
        self, definition: Definition, decision: DueDecision, order: WriteOrder | None = None
    ) -> Turn | None:
        """Record the decision's stretches, then claim and start its job.

        Returns the turn of the last write. None: there is nothing to write.
        """
        order, last = order or self.order, None
        for stretch in decision.stretches:
            what = f"{stretch.task_id} {stretch.status} {stretch.count} instant(s)"
            say(f"{what}: {stretch.message}", stretch.status)
        if decision.stretches:
            last = order.turn(definition.name)
            write = partial(self._recorder.record_stretches, decision.stretches)
            self._writes.start(in_turn(last, write))
        if decision.start is not None:
            last = order.turn(definition.name)
            self._jobs.start(self._executor.run(due_job(definition, decision.start), last))
        return last

    def start_job(self, job: Job) -> None:
        """Start a job whose due instant has its record."""
        self._jobs.start(self._executor.run(job))

    def add_takeover(self, takeover: UnsettledTakeover, otherwise: Callable[[], None]) -> Turn:
        """Note it before anything else of its task. `otherwise`: while the history is away."""
        turn = self.order.turn(takeover.name)
        self._writes.start(in_turn(turn, partial(self._recorder.add_takeover, takeover, otherwise)))
        return turn

    def add_revision(
        self, name: str, revision: ScheduleRevision, order: WriteOrder | None = None
    ) -> Turn:
        """`name`: the ScheduledTask's name."""
        turn = (order or self.order).turn(name)
        self._writes.start(in_turn(turn, partial(self._recorder.add_revision, revision)))
        return turn
