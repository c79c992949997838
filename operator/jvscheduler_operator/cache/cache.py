"""All that the operator knows between two passes.

Nothing here survives the process. After a restart the lists fill the indexes
again; what was applied last and what failed is learned again by applying.
"""

from jvscheduler_operator.cache.index import ObjectIndex, TaskIndex
from jvscheduler_operator.objects.drift import LastApplied
from jvscheduler_operator.objects.manifests import Key, LoopKey, loop_key_of
from jvscheduler_operator.objects.pods import PodProblem
from jvscheduler_operator.objects.readiness import LoopReadiness, readiness
from jvscheduler_operator.template_policy.policy import DEFAULT_POLICY, TemplatePolicy


class Cache:
    def __init__(self, policy: TemplatePolicy = DEFAULT_POLICY) -> None:
        self.tasks = TaskIndex(policy)
        self.cron_jobs = ObjectIndex()
        self.loops = ObjectIndex(loop_key_of)
        self.last_applied: dict[Key, LastApplied] = {}
        """For CronJobs under their task's key, for Deployments under the loop's."""
        self.loop_failures: dict[LoopKey, str] = {}
        """Why a loop's Deployment, or what its pod needs, could not be applied; its tasks
        report it."""
        self.loop_problems: dict[LoopKey, PodProblem] = {}
        """The problem of the pod of a loop that is not available; the loop's tasks report it."""

        self.history_failures: dict[str, str] = {}
        """Why a namespace's part of the history could not be made; its tasks report it."""

    def loop_readiness(self, key: LoopKey | None) -> LoopReadiness:
        if key is None:
            return readiness(None)
        failure, problem = self.loop_failures.get(key), self.loop_problems.get(key)
        return readiness(self.loops.get(key), failure, problem)

    def forget(self, key: Key) -> None:
        self.tasks.forget(key)
        self.cron_jobs.forget(key)
        self.last_applied.pop(key, None)
