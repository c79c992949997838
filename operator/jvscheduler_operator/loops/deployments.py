"""The Deployment that runs a loop: one for all tasks of a namespace whose pods look alike.

What makes pods alike, image and template, is in the name, so that a changed one
is another Deployment, which is there before the old one goes. What else is in
the pod is the operator's own, such as the loop's image; it is rolled out in place, new before
old: while both serve, claims decide.

No task owns it, as many share it: the operator deletes what no task needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jvscheduler import names
from jvscheduler.manifests.spec import PodTemplate, ScheduledTaskSpec
from jvscheduler_operator.objects import drift
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.pod_templates.loops import LoopImage, pod_template

_RBAC: Final = "rbac.authorization.k8s.io"
_TELLING: Final = (("ReplicaFailure", "True"), ("Progressing", "False"), ("Available", "False"))
"""Conditions that say why there is no pod, the most telling first."""


@dataclass(frozen=True)
class Standing:
    """What tasks have to know of their Deployment."""

    is_available: bool
    message: str = ""


def name_of(spec: ScheduledTaskSpec) -> str:
    template = spec.template or PodTemplate.model_validate({})
    shape = [spec.image, template.model_dump(mode="json", by_alias=True)]
    return f"{names.LOOP}-{drift.short_digest(shape)[:10]}"


def build(namespace: str, spec: ScheduledTaskSpec, image: LoopImage) -> dict[str, Any]:
    """The Deployment as server-side apply takes it. Raises InvalidTemplate."""
    name = name_of(spec)
    label = {names.LOOP_LABEL: name}
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": label},
        "spec": {
            "replicas": 1,
            "revisionHistoryLimit": 1,
            "selector": {"matchLabels": label},
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": pod_template(name, spec, image),
        },
    }
    return drift.digested(manifest)


def rights(deployment: Manifest) -> list[dict[str, Any]]:
    """The service account of the loop's pods, unless it is the user's own, and its binding."""
    namespace = deployment["metadata"]["namespace"]
    account = deployment["spec"]["template"]["spec"]["serviceAccountName"]
    binding = _binding(namespace, account)
    return [_account(namespace), binding] if account == names.LOOP else [binding]


def is_ours(deployment: Manifest) -> bool:
    metadata = deployment["metadata"]
    is_labelled = metadata.get("labels", {}).get(names.LOOP_LABEL) == metadata["name"]
    return is_labelled and drift.digest_of(deployment) is not None


def standing(deployment: Manifest | None) -> Standing:
    if deployment is None or "deletionTimestamp" in deployment["metadata"]:
        return Standing(False, "it is about to be created")
    status = deployment.get("status", {})
    if status.get("availableReplicas", 0) > 0:
        return Standing(True)
    told = {(c["type"], c["status"]): c for c in status.get("conditions", [])}
    found = next((told[key]["message"] for key in _TELLING if key in told), "no pod is ready yet")
    return Standing(False, found)


def _account(namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": names.LOOP, "namespace": namespace},
        "automountServiceAccountToken": False,
    }


def _binding(namespace: str, account: str) -> dict[str, Any]:
    """Named for the account: a template may give a loop one of the user's own."""
    name = names.LOOP if account == names.LOOP else f"{names.LOOP}:{account}"
    role: Mapping[str, str] = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": names.LOOP}
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": namespace},
        "roleRef": role,
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
    }
