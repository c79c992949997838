"""Records how attempts ended whose runner could not record it.

An outcome that the history does not take stays in its pod, which the cluster remembers even
after the pod's deletion. The next pass decides it again.
"""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime

from jvscheduler.edge.set_aside import SetAside
from jvscheduler.history.records.instants import InstantRange
from jvscheduler.history.records.revisions import NEXT
from jvscheduler.history.records.unstarted import is_unstarted
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.outcomes import Outcome
from jvscheduler_server.cluster.objects import NamespacedName, TaskPod
from jvscheduler_server.cluster.protocols import WatchedCluster
from jvscheduler_server.repair.attempts.decide_pods import (
    is_silent,
    outcome_of_pod,
    outcome_without_runner,
)
from jvscheduler_server.repair.attempts.decide_records import end_open_attempts, give_up_retries
from jvscheduler_server.repair.attempts.gather import take_snapshot, with_open_pods

_log = logging.getLogger(__name__)


class AttemptRepair:
    def __init__(self, store: LoopStore, cluster: WatchedCluster) -> None:
        self._store = store
        self._cluster = cluster
        self._recorded: frozenset[str] = frozenset()
        """Uids of the pods whose outcome this process has recorded."""
        self._compared: frozenset[str] = frozenset()
        """Uids of the silent pods that were there at the last comparison."""
        self._compared_jobs: frozenset[NamespacedName] = frozenset()
        """The abandoned Jobs that were there at the last comparison."""
        self._history_available_since: datetime | None = None
        """None while the history does not answer."""
        self._set_aside = SetAside("records of ended pods", _log.warning)

    async def record_pods(self, now: datetime) -> None:
        """Record the outcomes of pods that ended, each once in the life of this process.

        Raises HistoryUnavailable with the rest undone.
        """
        deleted = self._cluster.deleted_pods()
        pods = [*self._cluster.pods(), *deleted]
        # Pods that the cluster has forgotten need no memory here either.
        self._recorded &= {pod.uid for pod in pods}
        unrecorded = [pod for pod in pods if pod.uid not in self._recorded]
        for pod in unrecorded:
            with self._set_aside.guard(f"{pod.namespace}/{pod.name}"):
                await self._record_pod(pod, now)
        # A silent pod is kept: if its attempt is open, `compare` needs the pod to end it.
        self._cluster.forget(pod for pod in deleted if not is_silent(pod))

    async def _record_pod(self, pod: TaskPod, now: datetime) -> None:
        outcome = outcome_of_pod(pod, now)
        if outcome is not None:
            await self._record(outcome)
            self._recorded |= {pod.uid}

    @property
    def has_news(self) -> bool:
        """True when a pod became silent or a Job was abandoned since the last comparison."""
        if not self._compared_jobs.issuperset(self._cluster.abandoned_jobs()):
            return True
        pods = [*self._cluster.pods(), *self._cluster.deleted_pods()]
        return any(pod.uid not in self._compared for pod in pods if is_silent(pod))

    async def compare(self, now: datetime) -> None:
        """Compare the history's unfinished jobs with the cluster, and end those that are over.

        Raises HistoryUnavailable with the rest undone.
        """
        # The history first: the cluster must be at least as new. The other way round, a job
        # that starts between the two reads has a record, but no pod.
        unfinished = await self._store.unfinished()
        self._history_available_since = self._history_available_since or now
        deleted = self._cluster.deleted_pods()
        pods = [*deleted, *self._cluster.pods()]
        abandoned = frozenset(self._cluster.abandoned_jobs())
        # An attempt whose pod is there is not lost, though the pod's Job be not known yet.
        snapshot = take_snapshot(
            pods,
            [*self._cluster.open_jobs(), *self._cluster.jobs()],
            now,
            self._history_available_since,
            abandoned,
        )
        snapshot = with_open_pods(snapshot, self._cluster.open_pods())
        for job in unfinished:
            with self._set_aside.guard(f"{job.namespace}/{job.id}"):
                for outcome in end_open_attempts([job], snapshot):
                    await self._record(outcome)
        for job in unfinished:
            with self._set_aside.guard(f"{job.namespace}/{job.id}"):
                for outcome in give_up_retries([job], snapshot):
                    await self._record(outcome)
                    # The last attempt kept its slot for the next one, which never comes.
                    holders = [outcome.attempt_id, outcome.job_id]
                    await self._store.free_slots(outcome.namespace, holders)
        waiting = frozenset(job.id for job in unfinished if is_unstarted(job))
        await self._record_without_runner(pods, waiting, now)
        self._cluster.forget(pod for pod in deleted if is_silent(pod))
        self._compared_jobs = abandoned
        self._compared = frozenset(pod.uid for pod in pods if is_silent(pod))

    async def _record_without_runner(
        self, pods: Sequence[TaskPod], waiting: Collection[str], now: datetime
    ) -> None:
        """Record the jobs whose pod ended well, but ran something else than the runner.

        `waiting`: ids of the jobs that wait to start, by their record.
        """
        for pod in pods:
            known = pod.uid in self._compared
            with self._set_aside.guard(f"{pod.namespace}/{pod.name}"):
                outcome = None if known else outcome_without_runner(pod, now)
                # A pod that took long to start has a record of ours, which says that it waits.
                if outcome is not None and (
                    outcome.job_id in waiting or not await self._has_record(outcome)
                ):
                    await self._record(outcome)

    async def _has_record(self, outcome: Outcome) -> bool:
        instant = outcome.scheduled_time
        if instant is None:
            return True
        instants = InstantRange(outcome.namespace, outcome.task_id, instant - NEXT, instant)
        return bool(await self._store.jobs_between(instants))

    def note_history_away(self) -> None:
        """Give loops time again to write their heartbeats, from when the history is back."""
        self._history_available_since = None

    async def _record(self, outcome: Outcome) -> None:
        # One record that cannot be written must not delay the others.
        with self._set_aside.guard(f"{outcome.namespace}/{outcome.job_id}"):
            await self._store.record(outcome)
            _log.info(
                "recorded for the runner: job %s of %s/%s is %s (%s)",
                outcome.job_id,
                outcome.namespace,
                outcome.task_id,
                outcome.status,
                outcome.reason,
                extra={
                    "namespace": outcome.namespace,
                    "task_id": outcome.task_id,
                    "job": outcome.job_name,
                    "attempt": outcome.attempt_id,
                    "status": outcome.status,
                    "reason": outcome.reason,
                },
            )
