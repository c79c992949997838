"""Acts on decisions in the background: starts the jobs, and records the instants without one."""

import asyncio

from jvscheduler.due_instants.decide import DueDecision
from jvscheduler.due_instants.definition import Definition
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.loop.background import Background
from jvscheduler.loop.execution.executor import Executor
from jvscheduler.loop.execution.jobs import Job, due_job
from jvscheduler.loop.log import say
from jvscheduler.loop.recording.recorder import LoopRecorder


class Dispatch:
    def __init__(
        self, executor: Executor, recorder: LoopRecorder, jobs: Background, writes: Background
    ) -> None:
        self._executor = executor
        self._recorder = recorder
        self._jobs = jobs
        self._writes = writes

    def apply(self, definition: Definition, decision: DueDecision) -> asyncio.Task[None] | None:
        """Start the decision's job. Returns the write of its stretches. None: it has none."""
        if decision.start is not None:
            self.start_job(due_job(definition, decision.start))
        for stretch in decision.stretches:
            what = f"{stretch.task_id} {stretch.status} {stretch.count} instant(s)"
            say(f"{what}: {stretch.message}", stretch.status)
        if not decision.stretches:
            return None
        return self._writes.start(self._recorder.record_stretches(decision.stretches))

    def start_job(self, job: Job) -> None:
        self._jobs.start(self._executor.run(job))

    def add_revision(self, revision: ScheduleRevision) -> asyncio.Task[None]:
        return self._writes.start(self._recorder.add_revision(revision))
