"""The operator's own check of a template names the field and the fix."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from jvscheduler import environment
from jvscheduler_operator.acceptance import Refused, accept
from jvscheduler_operator.objects.reasons import Reason
from tests.support.operator.objects import stored_task

POD = "spec.template.spec"


@dataclass(frozen=True)
class Case:
    name: str
    template: dict[str, Any]
    message: str


def container(**fields: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "task", **fields}]}}


def beside(*others: dict[str, Any], kind: str = "containers") -> dict[str, Any]:
    return {"spec": {kind: list(others)}}


def resources(field: str, name: str, value: Any) -> dict[str, Any]:
    return container(resources={field: {name: value}})


CASES = [
    Case(
        "a label of ours",
        {"metadata": {"labels": {"jvscheduler.dev/task": "x"}}},
        "spec.template.metadata.labels: jvscheduler.dev/task must be left out",
    ),
    Case(
        "an annotation of ours",
        {"metadata": {"annotations": {"jvscheduler.dev/task-id": "x"}}},
        "spec.template.metadata.annotations: jvscheduler.dev/task-id must be left out",
    ),
    Case(
        "two containers for the task",
        beside({"name": "task"}, {"name": "task"}),
        f"{POD}.containers: 2 containers have the name 'task': give each a name of its own",
    ),
    Case(
        "two init containers of one name",
        beside(*[{"name": "a", "image": "a:1"}] * 2, kind="initContainers"),
        f"{POD}.initContainers: 2 containers have the name 'a'",
    ),
    Case(
        "a sidecar without an image",
        beside({"name": "side"}),
        f"{POD}.containers[side].image is required for every container but 'task'",
    ),
    Case(
        "an image that is none",
        beside({"name": "side", "image": "SHOP:::1"}),
        f"{POD}.containers[side].image must be an image such as registry.example/team/shop:1.2",
    ),
    Case(
        "an image that is no text",
        beside({"name": "side", "image": 5}, kind="initContainers"),
        f"{POD}.initContainers[side].image must be an image such as",
    ),
    Case(
        "an account that is none",
        {"spec": {"serviceAccountName": "a/../b"}},
        f"{POD}.serviceAccountName must be the name of a ServiceAccount, such as shop-reader",
    ),
    Case(
        "a limit that is no quantity",
        resources("limits", "memory", "lots"),
        f"{POD}.containers[task].resources.limits.memory must be a quantity, such as 500m, 2 or "
        "512Mi; got 'lots'",
    ),
    Case(
        "a request in bytes as people write them",
        resources("requests", "memory", "512MB"),
        f"{POD}.containers[task].resources.requests.memory must be a quantity",
    ),
    Case(
        "a request that is no text",
        resources("requests", "cpu", True),
        f"{POD}.containers[task].resources.requests.cpu must be a quantity",
    ),
    Case(
        "a size that is no quantity",
        {"spec": {"volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": "big"}}]}},
        f"{POD}.volumes[scratch].emptyDir.sizeLimit must be a quantity",
    ),
    *(
        Case(
            f"the variable {name}",
            container(env=[{"name": name, "value": "x"}]),
            f"{POD}.containers[task].env: {name} must be left out",
        )
        for name in environment.SET_BY_THE_OPERATOR
    ),
]


@pytest.mark.parametrize("backend", ["CronJob", "Loop"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_template_is_refused(case: Case, backend: str) -> None:
    with pytest.raises(Refused) as refused:
        accept(stored_task(backend=backend, template=case.template))
    assert refused.value.reason is Reason.INVALID_TEMPLATE
    assert case.message in str(refused.value)


@pytest.mark.parametrize("backend", ["CronJob", "Loop"])
@pytest.mark.parametrize(
    "amount", ["500m", "0.5", ".5", "1.", "+1", "1e3", "12E6", "1Gi", "100k", 2, 0.5]
)
def test_every_quantity_of_kubernetes_is_accepted(amount: Any, backend: str) -> None:
    accept(stored_task(backend=backend, template=resources("limits", "cpu", amount)))


@pytest.mark.parametrize("backend", ["CronJob", "Loop"])
@pytest.mark.parametrize(
    "spec",
    [
        {"volumes": [{"name": "data", "csi": {"volumeAttributes": {"sizeLimit": "small"}}}]},
        {"nodeSelector": {"divisor": "none"}},
    ],
)
def test_a_users_own_key_may_have_the_name_of_a_quantity(
    spec: dict[str, Any], backend: str
) -> None:
    accept(stored_task(backend=backend, template={"spec": spec}))


@pytest.mark.parametrize("odd", [None, 1, True, "x", [], [1], [None], {}, {"a": 1}, [[["x"]]]])
@pytest.mark.parametrize(
    "field",
    [
        "containers",
        "initContainers",
        "volumes",
        "serviceAccountName",
        "securityContext",
        "resources",
        "imagePullSecrets",
        "terminationGracePeriodSeconds",
    ],
)
@pytest.mark.parametrize("backend", ["CronJob", "Loop"])
def test_any_json_in_a_template_is_accepted_or_refused(backend: str, field: str, odd: Any) -> None:
    for template in ({"spec": {field: odd}}, container(**{field: odd})):
        with suppress(Refused):
            accept(stored_task(backend=backend, template=template))


def test_a_template_that_is_nested_too_deeply_is_refused_with_words() -> None:
    value: Any = "x"
    for _ in range(5000):
        value = {"part": [value]}
    with pytest.raises(Refused, match="more than 500 levels") as error:
        accept(stored_task(template={"spec": {"affinity": value}}))
    assert error.value.reason == Reason.INVALID_SPEC


def test_a_template_that_is_nested_deeply_is_looked_through() -> None:
    value: Any = "x"
    for _ in range(200):
        value = {"part": [value]}
    accept(stored_task(template={"spec": {"affinity": value}}))
