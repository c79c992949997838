"""The pod of a CronJob's task: it runs one attempt and ends.

Its environment is the contract with the runner, see `jvscheduler.environment`. A
template cannot change it, except for the database's address. It may put another command
before the runner, such as an init process; an empty one is the image's own entrypoint.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from jvscheduler import environment, names
from jvscheduler.manifests.mapping import to_variables
from jvscheduler.manifests.spec import ScheduledTaskSpec
from jvscheduler.manifests.template_checks import InvalidTemplate, named_containers
from jvscheduler_operator.pod_templates.base import (
    field_variable,
    identity_variables,
    pod_spec,
    template_of,
    with_defaults,
)


def pod_template(
    name: str, spec: ScheduledTaskSpec, log: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """The pod template of a task whose resource has this name. Raises InvalidTemplate.

    `log` are the variables that say how the runner logs.
    """
    metadata = template_of(spec).metadata
    _refuse_args_of_the_runner(template_of(spec).spec)
    pod = pod_spec(spec, _variables(name, spec))
    _refuse_ordinary_sidecars(pod)
    containers = [_without_empty_command(with_defaults(c, log)) for c in pod["containers"]]
    return {
        "metadata": {
            "labels": {**metadata.labels, names.TASK_LABEL: name},
            "annotations": {**metadata.annotations, names.TASK_ID_ANNOTATION: spec.task_id},
        },
        "spec": {**pod, "containers": containers, "restartPolicy": "Never"},
    }


def _refuse_args_of_the_runner(template: Mapping[str, Any]) -> None:
    for container in named_containers(template, names.TASK_CONTAINER):
        if container.get("args") and container.get("command") is None:
            raise InvalidTemplate(
                f"spec.template.spec.containers[{names.TASK_CONTAINER}].args must be left out: "
                "the runner takes none; say them with a command of your own"
            )


def _refuse_ordinary_sidecars(pod: Mapping[str, Any]) -> None:
    # A pod ends when all its containers have ended. A proxy that runs on would keep the Job
    # active for ever, and no further job of the task would run.
    for container in pod["containers"]:
        if container["name"] != names.TASK_CONTAINER:
            raise InvalidTemplate(
                f"spec.template.spec.containers[{container['name']}] would keep each Job active "
                "after the task has ended: make it an init container with restartPolicy: Always, "
                "a sidecar that Kubernetes ends with the task"
            )


def _without_empty_command(container: Mapping[str, Any]) -> Mapping[str, Any]:
    # The API server drops an empty list. If we asked for it, every start of the operator would
    # find the CronJob different from what it built.
    return {k: v for k, v in container.items() if k != "command" or v}


def _variables(name: str, spec: ScheduledTaskSpec) -> list[dict[str, Any]]:
    values = {
        environment.TASK_ID: spec.task_id,
        environment.TASK_NAME: name,
        **to_variables(spec.to_json()),
    }
    # The Job's name ends in the scheduled time, and the pod has no token to ask for
    # it: the downward API is its only source.
    job_name = f"metadata.labels['{names.JOB_NAME_LABEL}']"
    return [
        *({"name": variable, "value": value} for variable, value in values.items()),
        *identity_variables(),
        field_variable(environment.JOB_NAME, job_name),
    ]
