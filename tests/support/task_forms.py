"""The forms of a task on its way: as built and stored, as a CronJob, in its pod, in a loop.

Every step is the real function of `build`, the operator, the runner or the loop.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from jvscheduler import environment
from jvscheduler.due_instants.definition import Definition
from jvscheduler.manifests.resource import resource, to_yaml
from jvscheduler.runner.settings import Settings, read_settings
from jvscheduler.tasks import Task
from jvscheduler_operator.acceptance import accept
from jvscheduler_operator.tasks import cron_jobs
from jvscheduler_server.loop_pod.assignments import to_assignment

Manifest = dict[str, Any]
SPEC: Mapping[str, Any] = {
    "taskID": "shop.restock",
    "entrypoint": "shop.tasks:restock",
    "schedule": "daily at 03:00",
    "image": "shop:1",
}
"""A spec with the required keys alone."""


class InPod(NamedTuple):
    """What Kubernetes and the runner know of a task that a CronJob carries."""

    cron_job: Manifest
    settings: Settings

    @property
    def pod(self) -> Manifest:
        pod: Manifest = self.cron_job["jobTemplate"]["spec"]["template"]["spec"]
        return pod


def built(task: Task, **spec: Any) -> Manifest:
    """The ScheduledTask as the operator and the loop read it, after a way through YAML."""
    made: Manifest = yaml.safe_load(to_yaml([resource(task, "shop:1", "shop")]))
    return stored({**made["spec"], **spec})


def stored(spec: Mapping[str, Any]) -> Manifest:
    metadata = {"name": "every-option", "namespace": "shop", "uid": "1"}
    return {"metadata": metadata, "spec": dict(spec), "status": {"loop": "a-loop"}}


def cron_job(task: Manifest) -> Manifest:
    accepted = accept(task)
    made = cron_jobs.build(task, accepted.spec, cron_jobs.schedule_fields(accepted.schedule) or {})
    return {**made["spec"]}


def in_pod(task: Manifest) -> InPod:
    made = cron_job(task)
    (container,) = made["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    from_kubernetes = {
        environment.NAMESPACE: "shop",
        environment.POD_NAME: "every-option-29547000-x7k2p",
        environment.JOB_NAME: "every-option-29547000",
    }
    variables = {v["name"]: v["value"] for v in container["env"] if "value" in v}
    return InPod(made, read_settings({**from_kubernetes, **variables}))


def definition(task: Manifest) -> Definition:
    found = to_assignment(task).definition
    assert found is not None
    return found
