"""The Deployment that runs a loop, for all tasks of a namespace whose pods are alike.

Image and template make pods alike, and the name is derived from both. So a changed
template is another Deployment, which is available before the old one is deleted.
Everything else in the pod is the operator's own, such as the loop's image. A
change of it is rolled out in place, the new pod before the old one; while both
serve, claims decide.

No task owns the Deployment, because several tasks share it. The operator deletes it
when no task needs it.
"""

from collections.abc import Mapping
from typing import Any, Final

from jvscheduler import names
from jvscheduler.manifests.spec import ScheduledTaskSpec
from jvscheduler_operator.objects.digests import digest_of, with_digest
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.pod_templates.loops import LoopContainer, loop_name, pod_template

_RBAC: Final = "rbac.authorization.k8s.io"


def build(namespace: str, spec: ScheduledTaskSpec, container: LoopContainer) -> dict[str, Any]:
    """The Deployment for server-side apply. Raises InvalidTemplate."""
    name = loop_name(spec)
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
            "template": pod_template(name, spec, container),
        },
    }
    return with_digest(manifest)


def rights(deployment: Manifest) -> list[dict[str, Any]]:
    """The RoleBinding of the loop's pods, and our ServiceAccount when they run as it."""
    namespace = deployment["metadata"]["namespace"]
    account = deployment["spec"]["template"]["spec"]["serviceAccountName"]
    binding = _binding(namespace, account)
    return [_account(namespace), binding] if account == names.LOOP_ACCOUNT else [binding]


def is_ours(deployment: Manifest) -> bool:
    """True when the operator built it. The label alone proves nothing: anyone may set it."""
    metadata = deployment["metadata"]
    is_labelled = metadata.get("labels", {}).get(names.LOOP_LABEL) == metadata["name"]
    return is_labelled and digest_of(deployment) is not None


def _account(namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": names.LOOP_ACCOUNT, "namespace": namespace},
        "automountServiceAccountToken": False,
    }


def _binding(namespace: str, account: str) -> dict[str, Any]:
    # Named for the account: a template may give a loop an account of the user's own, and
    # two loops of the namespace may have different ones.
    is_default = account == names.LOOP_ACCOUNT
    name = names.LOOP_ROLE if is_default else f"{names.LOOP_ROLE}:{account}"
    role: Mapping[str, str] = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": names.LOOP_ROLE}
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": namespace},
        "roleRef": role,
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
    }
