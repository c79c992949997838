"""The pod of a CronJob's task: it runs one attempt and ends.

Its environment is the contract with the runner, see `jvscheduler.environment`. A
template cannot change it, except for the database's address.
"""

from typing import Any

from jvscheduler import environment, names
from jvscheduler.manifests.mapping import to_variables
from jvscheduler.manifests.spec import ScheduledTaskSpec
from jvscheduler_operator.pod_templates.base import (
    field_variable,
    identity_variables,
    pod_spec,
    template_of,
)


def pod_template(name: str, spec: ScheduledTaskSpec) -> dict[str, Any]:
    """The pod template of a task whose resource has this name. Raises InvalidTemplate."""
    metadata = template_of(spec).metadata
    pod = {**pod_spec(spec, _variables(name, spec)), "restartPolicy": "Never"}
    return {
        "metadata": {
            "labels": {**metadata.labels, names.TASK_LABEL: name},
            "annotations": {**metadata.annotations, names.TASK_ID_ANNOTATION: spec.task_id},
        },
        "spec": pod,
    }


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
