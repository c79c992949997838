"""Variables of the tasks that the suite of behaviour runs, one of them from a Secret."""

from collections.abc import Mapping
from typing import Any, Final

from tests.cluster.kubectl import Kubectl
from tests.contracts.behaviour import CARD

_SECRET: Final = "behaviour"  # noqa: S105 - its name
CARD_VARIABLE: Final = {
    "name": "CARD",
    "valueFrom": {"secretKeyRef": {"name": _SECRET, "key": "card"}},
}


def make_card(cluster: Kubectl, namespace: str) -> None:
    value = f"--from-literal=card={CARD}"
    cluster.kubectl("create", "secret", "generic", _SECRET, "-n", namespace, value)


def with_variables(resource: Mapping[str, Any], *variables: Mapping[str, Any]) -> dict[str, Any]:
    template = {"spec": {"containers": [{"name": "task", "env": list(variables)}]}}
    return {**resource, "spec": {**resource["spec"], "template": template}}
