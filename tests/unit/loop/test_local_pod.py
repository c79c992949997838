"""Without Kubernetes, a task has the variables of its pod, and notes name what it has not."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from jvscheduler.loop.local_pod import local_pod
from jvscheduler.loop.pod_values import PodValues

VALUES = PodValues(
    secrets={"mailer": {"USER": "shop", "PASSWORD": "secret"}},
    config_maps={"shop": {"COLOUR": "red", "USER": "from the config map"}},
)
OWN = {"TOKEN": "mine", "JVSCHEDULER_SECRET_VARIABLES": "CARD"}


def container(**fields: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "task", **fields}]}}


def key_of(name: str, kind: str, of: str, key: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "valueFrom": {f"{kind}KeyRef": {"name": of, "key": key, **more}}}


@dataclass(frozen=True)
class Case:
    template: Any
    environ: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


CASES = {
    "no template": Case(None),
    "variables": Case(
        container(env=[{"name": "A", "value": "1"}, {"name": "B"}]), {"A": "1", "B": ""}
    ),
    "a variable in a variable": Case(
        container(
            env=[
                {"name": "A", "value": "1"},
                {"name": "B", "value": "$(A)-$$(A)-$(C)-$A-$$"},
                {"name": "C", "value": "later"},
            ]
        ),
        {"A": "1", "B": "1-$(A)-$(C)-$A-$", "C": "later"},
    ),
    "the last of two sources wins, and env over both": Case(
        container(
            envFrom=[{"configMapRef": {"name": "shop"}}, {"secretRef": {"name": "mailer"}}],
            env=[{"name": "COLOUR", "value": "blue"}],
        ),
        {
            "COLOUR": "blue",
            "USER": "shop",
            "PASSWORD": "secret",
            "JVSCHEDULER_SECRET_VARIABLES": "CARD,USER,PASSWORD",
        },
    ),
    "a prefix": Case(
        container(envFrom=[{"prefix": "SHOP_", "configMapRef": {"name": "shop"}}]),
        {"SHOP_COLOUR": "red", "SHOP_USER": "from the config map"},
    ),
    "an unknown Secret": Case(
        container(envFrom=[{"secretRef": {"name": "shop"}}]),
        notes=(
            "the Secret shop is not in the secrets file: its variables are those of your own "
            "environment",
        ),
    ),
    "single keys": Case(
        container(
            env=[
                key_of("MAIL", "secret", "mailer", "PASSWORD"),
                key_of("HUE", "configMap", "shop", "COLOUR"),
                key_of("TOKEN", "secret", "mailer", "token"),
                key_of("MAYBE", "secret", "mailer", "maybe", optional=True),
            ]
        ),
        {"MAIL": "secret", "HUE": "red", "JVSCHEDULER_SECRET_VARIABLES": "CARD,MAIL"},
    ),
    "a missing key": Case(
        container(env=[key_of("KEY", "secret", "payments", "key")]),
        notes=(
            "KEY is not set: the key key of the Secret payments is not in the secrets file, and "
            "KEY is not in your own environment",
        ),
    ),
    "what only Kubernetes knows": Case(
        container(env=[{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]),
        notes=("IP is not set: only Kubernetes knows it",),
    ),
    "the address of the history": Case(
        container(env=[{"name": "JVSCHEDULER_DATABASE_URL", "value": "postgresql://x/y"}]),
        notes=("JVSCHEDULER_DATABASE_URL is left as it is here",),
    ),
    "resources": Case(
        container(resources={"requests": {"cpu": "1"}, "limits": {"memory": "512Mi"}}),
        notes=("not enforced here: cpu 1, memory 512Mi",),
    ),
    "volumes": Case(
        container(volumeMounts=[{"name": "a", "mountPath": "/a"}, {"mountPath": "/b"}]),
        notes=("not mounted here: /a, /b",),
    ),
    "other containers": Case(
        {"spec": {"initContainers": [{"name": "wait"}], "containers": [{"name": "proxy"}]}},
        notes=("not run here: containers wait, proxy",),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_template_on_a_machine_without_kubernetes(name: str) -> None:
    case = CASES[name]
    pod = local_pod(case.template, VALUES, OWN)
    assert (pod.environ, tuple(pod.notes)) == (case.environ, case.notes)


def test_nothing_shows_a_value() -> None:
    pod = local_pod(container(envFrom=[{"secretRef": {"name": "mailer"}}]), VALUES, OWN)
    assert pod.environ["PASSWORD"] == "secret"  # noqa: S105
    assert "secret" not in f"{pod!r}"
    assert "red" not in f"{VALUES!r}"


@pytest.mark.parametrize("odd", [5, "x", [], {}, [5], None, {"a": 1}])
@pytest.mark.parametrize("key", ["env", "envFrom", "resources", "volumeMounts"])
def test_any_json_is_read(key: str, odd: Any) -> None:
    local_pod(container(**{key: odd}), VALUES, OWN)
    local_pod({"spec": {"containers": odd, "initContainers": odd}}, VALUES, OWN)
