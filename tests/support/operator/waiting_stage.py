"""A task whose CronJob has made Jobs, and one look of the operator at them."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from jvscheduler import names
from jvscheduler_operator.acceptance import accept
from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.objects.manifests import Key, Manifest
from jvscheduler_operator.settings import Settings
from jvscheduler_operator.tasks.cron_jobs import build
from jvscheduler_operator.tasks.retirement import RETIRED_TIME
from jvscheduler_operator.testing.cluster import MemoryCluster
from jvscheduler_operator.waiting_jobs.reconcile import WaitingJobReconciler
from tests.support.operator.objects import NOON, stored_task
from tests.support.operator.waiting import job, job_name, pod

KEY = Key("shop", "restock")
PULLING = {"waiting": {"reason": "ErrImagePull", "message": "not found"}}
NOWHERE = {"spec": {"nodeSelector": {"disk": "none"}}}
ENDED = {"terminated": {"startedAt": "2026-03-02T12:00:01Z"}}
RUNS = {"running": {"startedAt": "2026-03-02T12:00:01Z"}}


def cron_job(**spec: Any) -> dict[str, Any]:
    task = stored_task(**spec)
    return build(task, accept(task).spec, {"schedule": "* * * * *"})


@dataclass
class Stage:
    """A task whose CronJob has made a Job for some minutes after noon."""

    spec: dict[str, Any] = field(default_factory=dict)
    cluster: MemoryCluster = field(default_factory=MemoryCluster)
    cache: Cache = field(default_factory=Cache)
    now: datetime = NOON
    retired: str | None = None
    """Since when a loop serves the task."""

    def start(self, *minutes: int, state: dict[str, Any] | None = None) -> None:
        """Make the Jobs of these minutes, each with a pod that is in this state."""
        template = cron_job(**self.spec)["spec"]["jobTemplate"]["spec"]["template"]
        for minute in minutes:
            labels = {**template["metadata"]["labels"], names.JOB_NAME_LABEL: job_name(minute)}
            copy = {**template, "metadata": {**template["metadata"], "labels": labels}}
            one_job = {**job(minute), "spec": {"template": copy}}
            self.cluster.put(self.cluster.job_objects, one_job)
            self.cluster.put(self.cluster.pod_objects, pod(minute, state or PULLING))

    def look(self) -> timedelta | None:
        task = stored_task(**self.spec)
        active = [{"name": job_name(n)} for n in range(60) if self.exists(n)]
        self.cache = Cache()
        self.cache.tasks.put(task)
        found = {**cron_job(**self.spec), "status": {"active": active}}
        if self.retired is not None:
            found["metadata"].setdefault("annotations", {})[RETIRED_TIME] = self.retired
            found["spec"]["suspend"] = True
        self.cache.cron_jobs.put(with_version(found))
        settings = Settings(None, None, "http://localhost/", "host")
        reconciler = WaitingJobReconciler(self.cache, self.cluster, settings, lambda: self.now)
        return asyncio.run(reconciler.reconcile(KEY))

    def exists(self, minute: int) -> bool:
        return Key("shop", job_name(minute)) in self.cluster.job_objects

    def given_up(self) -> dict[str, str]:
        jobs = self.cluster.job_objects.values()
        found = {j["metadata"]["name"]: j["metadata"].get("annotations", {}) for j in jobs}
        reasons = {name: a.get(names.GIVEN_UP_ANNOTATION) for name, a in found.items()}
        return {name: reason for name, reason in reasons.items() if reason}


def with_version(cron_job: Manifest) -> Manifest:
    return {**cron_job, "metadata": {**cron_job["metadata"], "resourceVersion": "7"}}
