"""`template` is JSON with the keys of a pod template, and says nothing else than `pod`."""

from typing import Any

import pytest

from jvscheduler.errors import InvalidTask
from tests.unit.test_pods import container, template


def deep() -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(60):
        inner = {"a": inner}
    return inner


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "template must be a dict"),
        ({"containers": []}, "no 'containers': put it into template['spec']"),
        ({"spec": []}, "template.spec must be a dict"),
        ({"metadata": {"name": "x"}}, "template.metadata has labels and annotations"),
        ({"metadata": {"labels": {"a": 1}}}, "template.metadata.labels[a] must be text, got 1"),
        ({"spec": {"a": {1, 2}}}, "template.spec.a must be JSON, got {1, 2}"),
        ({"spec": {"a": float("nan")}}, "template.spec.a must be JSON, got nan"),
        ({"spec": {"a": {1: 2}}}, "template.spec.a must be a dict whose keys are texts"),
        ({"spec": deep()}, "template has more than 50 levels"),
        ({"spec": {"containers": {}}}, "template.spec.containers must be a list of objects, each"),
        (
            {"spec": {"containers": [{}]}},
            "template.spec.containers must be a list of objects, each",
        ),
        ({"spec": {"restartPolicy": "Never"}}, "template.spec.restartPolicy must be left out"),
        (container(image="x"), "template.spec.containers[task].image must be left out"),
        (
            container(resources={"limits": {"memory": "512MB"}}),
            "template.spec.containers[task].resources.limits.memory must be a quantity",
        ),
        (
            {"spec": {"initContainers": [{"name": "wait"}]}},
            "template.spec.initContainers[wait].image is required",
        ),
        (container(env=[{"name": "A", "value": 1}]), "containers[task].env[A].value must be text"),
    ],
)
def test_a_template_that_is_refused(given: Any, message: str) -> None:
    with pytest.raises(InvalidTask) as refused:
        template(template=given)
    assert message in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("pod", "given", "message"),
    [
        (
            {"memory": "1Gi"},
            container(resources={"limits": {"memory": "2Gi"}}),
            "pod and template.spec.containers[task].resources.limits.memory say two things, '1Gi' "
            "and '2Gi': say it in one of the two",
        ),
        (
            {"env": {"A": "1"}},
            container(env=[{"name": "A", "value": "2"}]),
            "pod and template.spec.containers[task].env[A].value say two things",
        ),
        (
            {"secrets": ["a"]},
            container(envFrom=[{"secretRef": {"name": "b"}}]),
            "pod and template.spec.containers[task].envFrom[0].secretRef.name say two things",
        ),
        (
            {"secrets": ["a"]},
            container(envFrom=[]),
            "pod and template.spec.containers[task].envFrom say two things",
        ),
        (
            {"labels": {"team": "a"}},
            {"metadata": {"labels": {"team": "b"}}},
            "pod and template.metadata.labels.team say two things, 'a' and 'b'",
        ),
        (
            {"service_account": "a"},
            {"spec": {"serviceAccountName": "b"}},
            "pod and template.spec.serviceAccountName say two things",
        ),
    ],
)
def test_pod_and_template_that_disagree(pod: Any, given: Any, message: str) -> None:
    with pytest.raises(InvalidTask) as refused:
        template(pod=pod, template=given)
    assert message in str(refused.value)
