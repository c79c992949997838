"""What the operator reads: the objects in its cache, and those that it lists in a pass."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import pytest

from jvscheduler import names
from jvscheduler_operator.cluster.errors import Rejected, Unavailable
from jvscheduler_operator.cluster.kubernetes import _decode
from jvscheduler_operator.controller.queue import WorkQueue
from jvscheduler_operator.loops.gather import gather_problem
from jvscheduler_operator.objects.manifests import Key, LoopKey, Manifest
from jvscheduler_operator.objects.secrets import namespaces_of
from jvscheduler_operator.testing.cluster import MemoryCluster
from tests.hostile.strategies import as_text
from tests.support.operator.controlled import Stage
from tests.support.operator.objects import pod, stored_task
from tests.support.operator.waiting import job
from tests.support.operator.waiting import pod as task_pod

LOOP: Final = "jvscheduler-loop-1"
TASK: Final = stored_task()
LOOPED_TASK: Final = stored_task(schedule="every 7 seconds") | {
    "status": {
        "loop": LOOP,
        "backend": "Loop",
        "conditions": [
            {
                "type": "Accepted",
                "status": "True",
                "reason": "Accepted",
                "message": "",
                "lastTransitionTime": "2026-03-02T12:00:00Z",
            }
        ],
    }
}
CRON_JOB: Final = {
    "metadata": {
        "name": "restock",
        "namespace": "shop",
        "uid": "c",
        "resourceVersion": "7",
        "generation": 1,
        "creationTimestamp": "2026-03-02T12:00:00Z",
        "labels": {names.TASK_LABEL: "restock"},
        "annotations": {"jvscheduler.dev/last-schedule-time": "2026-03-02T12:00:00Z"},
        "ownerReferences": [{"kind": names.KIND, "uid": "task-uid", "controller": True}],
    },
    "spec": {"schedule": "0 0 1 1 *", "timeZone": "UTC", "suspend": False},
    "status": {
        "active": [{"name": "restock-29540880"}],
        "lastScheduleTime": "2026-03-02T12:00:00Z",
    },
}
DEPLOYMENT: Final = {
    "metadata": {
        "name": LOOP,
        "namespace": "shop",
        "uid": "d",
        "resourceVersion": "7",
        "generation": 1,
        "labels": {names.LOOP_LABEL: LOOP},
    },
    "spec": {"template": {"spec": {"containers": []}}},
    "status": {
        "availableReplicas": 0,
        "conditions": [{"type": "Progressing", "status": "False", "message": "no pod"}],
    },
}
EVENT: Final = {
    "type": "Warning",
    "reason": "FailedMount",
    "message": "no Secret",
    "lastTimestamp": "2026-03-02T12:00:00Z",
    "involvedObject": {"uid": "p"},
}
LOOP_POD: Final = pod("shop", "p", LOOP) | {
    "status": {
        "phase": "Pending",
        "conditions": [{"type": "PodScheduled", "status": "True"}],
        "containerStatuses": [
            {
                "name": "worker",
                "image": "shop:9",
                "state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}},
                "lastState": {"terminated": {"exitCode": 1, "message": "gone"}},
            }
        ],
    }
}
JOB: Final = job(-30, uid="j")
TASK_POD: Final = task_pod(-30, {"waiting": {"reason": "ErrImagePull", "message": "not found"}})

_loop: Final = asyncio.new_event_loop()


def cached(kind: str) -> Callable[[Any], None]:
    """A hostile object of this kind comes by the watch and by the list, beside an honest task."""

    def judge(hostile: Any) -> None:
        stage = Stage()
        stage.put_task("good", namespace="b")
        controller, cache = stage.controller, stage.cache
        seen, index = {
            "tasks": (controller.task_seen, cache.tasks),
            "cron jobs": (controller.cron_job_seen, cache.cron_jobs),
            "loops": (controller.loop_seen, cache.loops),
        }[kind]
        if kind != "tasks":
            controller.task_seen("ADDED", LOOPED_TASK)
        seen("ADDED", hostile)
        known = [item for key in index if (item := index.get(key)) is not None]
        index.replace([hostile, *known], 0)
        loops = (loop for key in cache.tasks for loop in cache.tasks.references(key).loops)
        keys = [*cache.tasks, *cache.cron_jobs, *cache.loops, *loops]
        for key in dict.fromkeys(keys):
            _loop.run_until_complete(controller._reconcile(WorkQueue(lambda: 0.0), key))
        assert Key("b", "good") in stage.cluster.cron_job_objects
        written = {
            key.namespace for key in (*stage.cluster.cron_job_objects, *stage.cluster.loop_objects)
        }
        assert written <= {"b", *(key.namespace for key in keys)}
        seen("DELETED", hostile)

    return judge


@dataclass
class Lists(MemoryCluster):
    """A cluster whose lists of one task's objects are these."""

    jobs: Sequence[Any] = ()
    pods: Sequence[Any] = ()
    found_events: Sequence[Any] = ()
    patched: list[Key] = field(default_factory=list)

    async def jobs_of(self, key: Key) -> Sequence[Manifest]:
        return self.jobs

    async def pods_of(self, key: Key) -> Sequence[Manifest]:
        return self.pods

    async def loop_pods(self, key: LoopKey) -> Sequence[Manifest]:
        return self.pods

    async def events_of(self, manifest: Manifest) -> Sequence[Manifest]:
        return self.found_events

    async def patch_job(self, key: Key, patch: Manifest) -> None:
        self.patched.append(key)


WAITING: Final = [job(-minute, uid=f"j{minute}") for minute in (20, 19)]
"""Jobs that wait. With a deadline of a minute both are given up."""
GIVEN_UP: Final = {Key("shop", waiting["metadata"]["name"]) for waiting in WAITING}


def waiting(kind: str) -> Callable[[Any], None]:
    """A hostile Job, pod or Event among those of a task, of which two Jobs wait for too long."""

    def judge(hostile: Any) -> None:
        lists = {"jobs": [*WAITING], "pods": [], "events": []}
        lists[kind] = [hostile, *lists[kind]]
        cluster = Lists(
            jobs=lists["jobs"], pods=lists["pods"], found_events=lists["events"], version=10
        )
        stage = Stage(cluster=cluster)
        task = stored_task(startingDeadlineSeconds=60)
        active = [{"name": item["metadata"]["name"]} for item in WAITING]
        cron_job = CRON_JOB | {
            "status": {"active": active},
            "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": {"spec": {}}}}},
        }
        stage.cache.tasks.put(task)
        stage.cache.cron_jobs.put(cron_job)
        reconciler = stage.controller._reconcilers.waiting_jobs
        delay = _loop.run_until_complete(reconciler.reconcile(Key("shop", "restock")))
        assert delay is None or delay > timedelta()
        others = {key for key in cluster.patched if key not in GIVEN_UP}
        # A pod of one of the Jobs may show that it has started. Nothing else keeps one waiting.
        assert kind == "pods" or set(cluster.patched) >= GIVEN_UP
        assert {key.namespace for key in others} <= {"shop"}

    return judge


def judge_loop_pods(hostile: Any) -> None:
    """A hostile pod with a loop's label, beside its own."""
    cluster = Lists(pods=[hostile, LOOP_POD], found_events=[EVENT])
    problem = _loop.run_until_complete(gather_problem(LoopKey("shop", LOOP), cluster))
    assert problem is None or len(problem.message.encode()) <= 600


def judge_loop_events(hostile: Any) -> None:
    silent = pod("shop", "p", LOOP) | {
        "status": {
            "containerStatuses": [
                {
                    "name": "worker",
                    "image": "a",
                    "state": {"waiting": {"reason": "ContainerCreating"}},
                }
            ]
        }
    }
    cluster = Lists(pods=[silent], found_events=[hostile, EVENT])
    problem = _loop.run_until_complete(gather_problem(LoopKey("shop", LOOP), cluster))
    assert problem is not None
    assert len(problem.message.encode()) <= 600


SECRET: Final = {"metadata": {"name": names.DATABASE_SECRET, "namespace": "shop"}}


def judge_secret(hostile: Any) -> None:
    found: Collection[str] = namespaces_of([hostile, SECRET])
    assert "shop" in found
    assert len(found) <= 2


ANSWER: Final = {
    "kind": "Status",
    "message": "admission webhook x denied the request",
    "metadata": {"resourceVersion": "7"},
    "items": [],
}


def judge_answer(hostile: Any) -> None:
    """The body of an answer: of the API server, of a webhook, or of a proxy before it."""
    body = (hostile if isinstance(hostile, str) else as_text(hostile)).encode(errors="replace")
    assert isinstance(_decode(200, body, {}), dict)
    for status in (403, 409, 422, 500, 503):
        with pytest.raises((Rejected, Unavailable)):
            _decode(status, body, {"Retry-After": "x"})
