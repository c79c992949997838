"""Variables of the tasks that the suite of behaviour runs, one of them from a Secret."""

from collections.abc import Mapping
from typing import Any, Final

from tests.cluster.kubectl import Kubectl
from tests.contracts.behaviour import CONFIG_MAP, SECRET

_NAME: Final = "behaviour"
CARD_VARIABLE: Final = {
    "name": "CARD",
    "valueFrom": {"secretKeyRef": {"name": _NAME, "key": "card"}},
}


def make_values(cluster: Kubectl, namespace: str) -> None:
    """Make the Secret and the ConfigMap that the contract of every mode asks for."""
    for kind, data in (("secret generic", SECRET), ("configmap", CONFIG_MAP)):
        values = [f"--from-literal={key}={value}" for key, value in data.items()]
        cluster.kubectl("create", *kind.split(), _NAME, "-n", namespace, *values)


def with_variables(resource: Mapping[str, Any], *variables: Mapping[str, Any]) -> dict[str, Any]:
    """The resource with these variables beside those of its own template."""
    pod = resource["spec"].get("template", {}).get("spec", {"containers": [{"name": "task"}]})
    (container,) = pod["containers"]
    changed = {**container, "env": [*container.get("env", []), *variables]}
    template = {"spec": {**pod, "containers": [changed]}}
    return {**resource, "spec": {**resource["spec"], "template": template}}
