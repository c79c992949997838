"""Carries out a plan. The operator may be killed after any of these writes.

The order of the writes makes that harmless. Each write finds what it needs done
before it, and a write that was made is found by the next pass, which then makes
only the rest.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from jvscheduler.errors import TemporaryError
from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.cluster.client import Cluster
from jvscheduler_operator.cluster.errors import (
    Conflict,
    DryRunUnsupported,
    NotFound,
    Rejected,
    Stale,
    Unavailable,
)
from jvscheduler_operator.cluster.secrets import apply_secret
from jvscheduler_operator.objects.drift import LastApplied
from jvscheduler_operator.objects.failures import Failure
from jvscheduler_operator.objects.manifests import Key, Manifest, key_of, version_of
from jvscheduler_operator.tasks.plan import Applied, OperationResult, Plan, State

_logger = logging.getLogger(__name__)


class NamespaceSecrets:
    """Which namespaces have their Secret from this process, and which task's passes write it.

    The first task of a namespace writes it, and that task alone tries again after a
    refusal. If every task tried, a thousand tasks would repeat the same refusal.
    """

    def __init__(self) -> None:
        self._writers: dict[str, Key] = {}
        self._written: set[str] = set()

    def is_due(self, key: Key) -> bool:
        """True when this task's pass has to write its namespace's Secret.

        Only for a task that needs it. If a refused one were the writer, nobody would write.
        """
        is_writer = self._writers.setdefault(key.namespace, key) == key
        return is_writer and key.namespace not in self._written

    def written(self, key: Key) -> None:
        self._written.add(key.namespace)

    def missing(self, existing: Collection[str]) -> Sequence[Key]:
        """The tasks that have to write a Secret again, because somebody deleted it."""
        # Without a writer, the next task that needs the Secret becomes it, and is found then.
        lost = (self._written & self._writers.keys()) - set(existing)
        self._written -= lost
        return [self._writers[namespace] for namespace in lost]

    def pass_on(self, key: Key) -> None:
        """Let another task of the namespace be the writer: this one does not need the Secret."""
        if self._writers.get(key.namespace) == key:
            del self._writers[key.namespace]

    def release(self, key: Key) -> None:
        """Let another task of the namespace write the Secret: this task is gone."""
        # Perhaps the whole namespace was deleted, with the Secret. So it is written
        # again for the next task of that namespace.
        if self._writers.get(key.namespace) == key:
            del self._writers[key.namespace]
            self._written.discard(key.namespace)


class TaskApplier:
    """Writes to the cluster, and puts each answer into the cache.

    Without that the next pass would read an old version and write the same again.
    """

    def __init__(self, cache: Cache, cluster: Cluster, clock: Callable[[], datetime]) -> None:
        self._cache = cache
        self._cluster = cluster
        self._clock = clock
        self._retirement_failures: dict[Key, Failure] = {}

    async def apply_secret(self, plan: Plan) -> Failure | None:
        # First of all writes: the first Job must find the Secret. A pod that starts
        # without it would record nothing.
        return None if plan.secret is None else await apply_secret(self._cluster, plan.secret)

    async def apply_cron_job(self, state: State, plan: Plan) -> Applied:
        """Raises Stale when the CronJob is not the one that was gathered."""
        own = state.own_cron_job
        if plan.cron_job is None:
            return Applied(own)
        # Without force when none is ours: someone may have created a CronJob of this
        # name since we looked, and a conflict is how we learn it.
        is_ours = own is not None
        try:
            # The anchor first. In the other order, a kill between the two would leave
            # an edited schedule that the controller may start for the past.
            if plan.anchor is not None:
                await self._try_cron_job(plan.cron_job, force=is_ours)
                self._check_window(plan)
                own = await self._cluster.patch_cron_job_status(state.key, plan.anchor)
            self._check_window(plan)
            answer = await self._cluster.apply_cron_job(plan.cron_job, force=is_ours)
        except Conflict as error:
            # The cached CronJob is not the one that exists. That one may lack our label,
            # so that no event would ever correct the cache. The next pass asks for it.
            self._cache.cron_jobs.forget(state.key)
            raise Stale(f"CronJob {state.key}: {error}") from error
        except (Rejected, Unavailable) as error:
            applied = Applied(own, failure=_failure(own, error))
        else:
            applied = Applied(answer, _result(own, answer))
            self._cache.last_applied[state.key] = LastApplied.of(answer, plan.cron_job)
        if applied.cron_job is not None:
            self._cache.cron_jobs.put(applied.cron_job)
        return applied

    def _check_window(self, plan: Plan) -> None:
        # Earlier calls of this pass may have been slow. If the edit came now, it might meet
        # the due instant for which the window is closed.
        closes = plan.edit_window.closes
        if closes is not None and self._clock() > closes:
            raise Stale("a due instant came near before the CronJob was edited")

    async def write_status(self, task: Manifest, status: Manifest) -> None:
        # After the CronJob and before the retirement. A loop starts and stops to serve
        # the task by `status.loop`, so a task that moves to a CronJob leaves its loop
        # when the CronJob exists, and one that moves to a loop keeps its CronJob until
        # the loop knows. If the operator is killed between the two writes, both serve
        # the task: the claim in the history lets one of them run each job.
        key = key_of(task)
        try:
            answer = await self._cluster.apply_task_status(task, status)
        except NotFound as error:
            self._cache.tasks.forget(key)
            raise Stale(f"ScheduledTask {key}: {error}") from error
        except Conflict as error:
            raise Stale(f"the status of ScheduledTask {key}: {error}") from error
        self._cache.tasks.put(answer)

    async def retire_cron_job(self, state: State, plan: Plan) -> None:
        try:
            await self._retire_cron_job(state, plan)
        except (Rejected, Unavailable) as error:
            # The status of this pass is written already. The next pass reports it.
            what = "The CronJob no longer serves the task, but cannot be removed"
            self._retirement_failures[state.key] = Failure.of(what, error)
            raise Unavailable(f"the retirement of CronJob {state.key}: {error}") from error
        self._retirement_failures.pop(state.key, None)

    def retirement_failure(self, key: Key) -> Failure | None:
        """Why the last attempt to remove the task's CronJob failed."""
        return self._retirement_failures.get(key)

    def forget(self, key: Key) -> None:
        self._retirement_failures.pop(key, None)

    async def _try_cron_job(self, cron_job: Manifest, *, force: bool) -> None:
        """Raises as the apply would."""
        # An anchor whose change is refused afterwards would say that something ran when
        # nothing did, and each attempt would say so again.
        try:
            await self._cluster.apply_cron_job(cron_job, force=force, dry_run=True)
        except DryRunUnsupported as error:
            # Only the apply itself can tell. If it is refused, the anchor is in vain.
            _logger.info("CronJob %s is changed without a dry run: %s", key_of(cron_job), error)

    async def _retire_cron_job(self, state: State, plan: Plan) -> None:
        retirement, cron_job = plan.retirement, state.cron_job
        try:
            if retirement.patch is not None:
                answer = await self._cluster.patch_cron_job(state.key, retirement.patch)
                self._cache.cron_jobs.put(answer)
        except (Conflict, NotFound) as error:
            # It has changed since we looked; perhaps it has just started a Job. Its
            # watch event is coming, and the next pass decides again.
            raise Stale(f"CronJob {state.key}: {error}") from error
        if retirement.deletes and cron_job is not None:
            why = plan.stopped_by or f"{plan.loop} runs in its place"
            await self.delete_cron_job(cron_job, why)

    async def delete_cron_job(self, cron_job: Manifest, why: str) -> None:
        """Raises Stale when it is not the one that was seen. Its Jobs go with it."""
        key = key_of(cron_job)
        try:
            await self._cluster.delete_cron_job(cron_job)
        except (Conflict, NotFound) as error:
            raise Stale(f"CronJob {key}: {error}") from error
        self._cache.cron_jobs.remove(cron_job)
        _logger.info("CronJob %s deleted: %s", key, why, extra=key.log_context)

    async def post(self, event: Manifest) -> None:
        # An Event is a courtesy: the status says the same. So its loss fails nothing. If
        # the operator is killed before it, the Event is never posted.
        try:
            await self._cluster.create_event(event)
        except (Rejected, TemporaryError) as error:
            _logger.warning("Event %s was not posted: %s", event["reason"], error)


def _failure(own: Manifest | None, error: Rejected | Unavailable) -> Failure:
    goes_on = ", and goes on as it was" if own is not None else ""
    # The user wrote the path without the part that only a CronJob has.
    message = str(error).replace("spec.jobTemplate.spec.template", "spec.template")
    what = f"The CronJob could not be applied{goes_on}"
    return replace(Failure.of(what, error), message=f"{what}: {message}")


def _result(before: Manifest | None, after: Manifest) -> OperationResult | None:
    if before is None:
        return OperationResult.CREATED
    return OperationResult.UPDATED if version_of(after) != version_of(before) else None
