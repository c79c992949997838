"""The chart's policies and rights, as helm renders them."""

from pathlib import Path

import pytest
import yaml

from jvscheduler import names
from jvscheduler_operator.template_policy.policy import Level, TemplatePolicy
from tests.cluster.binaries import find_binaries
from tests.cluster.settings import read_settings
from tests.support.chart import operator_settings, operator_variables, rendered, template


@pytest.fixture(scope="module")
def helm() -> Path:
    return find_binaries(read_settings()).helm


def template_policy(helm: Path, *values: str) -> TemplatePolicy:
    """The policy of the operator of such an installation."""
    return operator_settings(helm, *values).template_policy


def test_the_policy_for_templates_is_a_value(helm: Path) -> None:
    assert template_policy(helm) == TemplatePolicy(Level.RESTRICTED, frozenset())
    accounts = "policy.allowedServiceAccounts={reader,shop/builder}"
    chosen = template_policy(helm, "policy.podTemplates=baseline", accounts)
    assert chosen == TemplatePolicy(Level.BASELINE, frozenset({"reader", "shop/builder"}))


def test_without_watched_namespaces_the_rights_are_the_clusters(helm: Path) -> None:
    for part in ("operator", "server"):
        name = f"jvscheduler-{part}"
        binding = rendered(helm)[f"ClusterRoleBinding/{name}"]
        assert binding["roleRef"]["kind"] == "ClusterRole"
        assert f"ClusterRole/{name}" in rendered(helm)
    assert "JVSCHEDULER_WATCH_NAMESPACES" not in operator_variables(helm)


def test_with_watched_namespaces_the_rights_are_theirs_alone(helm: Path) -> None:
    chosen = "watchNamespaces={shop,bakery}"
    done = template(helm, "--set", chosen, "--set", "auth.aggregation=false")
    objects = [o for o in yaml.safe_load_all(done.stdout) if o]
    roles = {
        (o["kind"], o["metadata"]["name"], o["metadata"].get("namespace"))
        for o in objects
        if "rbac" in o["apiVersion"]
    }
    assert roles == {
        # Nobody is bound to it but by the operator, in a namespace.
        ("ClusterRole", "jvscheduler-loop", None),
        # A part of Kubernetes' own role "view", for whoever is bound to that.
        ("ClusterRole", "jvscheduler-view", None),
        # A review belongs to no namespace.
        ("ClusterRole", "jvscheduler-server-reviews", None),
        ("ClusterRoleBinding", "jvscheduler-server-reviews", None),
        # Its Secrets are in the release's own namespace.
        *((kind, "jvscheduler-credentials", "jvscheduler") for kind in ("Role", "RoleBinding")),
        # A Role is gone with its namespace, so it cannot say that the namespace is.
        *(
            (kind, f"jvscheduler-{part}-namespaces", None)
            for kind in ("ClusterRole", "ClusterRoleBinding")
            for part in ("operator", "server")
        ),
        *(
            (kind, f"jvscheduler-{part}", namespace)
            for kind in ("Role", "RoleBinding")
            for part in ("operator", "server")
            for namespace in ("shop", "bakery")
        ),
    }
    (look,) = rendered(helm, chosen)["ClusterRole/jvscheduler-server-namespaces"]["rules"]
    assert look == {
        "apiGroups": [""],
        "resources": ["namespaces"],
        "resourceNames": ["shop", "bakery"],
        "verbs": ["get"],
    }
    of_cluster = rendered(helm)["ClusterRole/jvscheduler-operator"]["rules"]
    assert rendered(helm, chosen)["Role/jvscheduler-operator"]["rules"] == of_cluster
    assert operator_settings(helm, chosen).namespaces == ["shop", "bakery"]
    pod = rendered(helm, chosen)["Deployment/jvscheduler-server"]["spec"]["template"]["spec"]
    (server,) = pod["containers"]
    variable = {"name": "JVSCHEDULER_WATCH_NAMESPACES", "value": "shop,bakery"}
    assert variable in server["env"]


AUTHORS = {
    "ValidatingAdmissionPolicy/jvscheduler-task-authors",
    "ValidatingAdmissionPolicyBinding/jvscheduler-task-authors",
}


def test_who_may_create_tasks_is_checked_where_the_cluster_can(helm: Path) -> None:
    assert rendered(helm).keys() >= AUTHORS
    assert not rendered(helm, "policy.checkAuthors=false").keys() & AUTHORS


CONFINING = {
    f"ValidatingAdmissionPolicy{suffix}/jvscheduler-{kind}"
    for suffix in ("", "Binding")
    for kind in (
        "operator-cronjobs",
        "operator-deployments",
        "operator-secrets",
        "credentials-secrets",
    )
}


def test_the_operator_is_confined_where_the_cluster_can(helm: Path) -> None:
    assert rendered(helm).keys() >= CONFINING
    assert not rendered(helm, "policy.confineOperator=false").keys() & CONFINING
    held = [
        len(rendered(helm, f"policy.podTemplates={level}")[name]["spec"]["validations"])
        for level in ("restricted", "any")
        for name in sorted(CONFINING)
        if "Binding" not in name
    ]
    assert held == [2, 6, 6, 2, 2, 1, 1, 2]


FORGED = {
    f"ValidatingAdmissionPolicy/jvscheduler-forged-{kind}"
    for kind in ("pods", "job-pods", "jobs", "cronjobs", "deployments", "replicasets")
}


def test_forged_pods_are_refused_where_the_cluster_can(helm: Path) -> None:
    assert rendered(helm).keys() >= FORGED
    off = rendered(helm, "policy.refuseForgedPods=false")
    assert not [name for name in off if "-forged-" in name]


def test_who_else_makes_pods_of_tasks_is_a_value(helm: Path) -> None:
    chosen = rendered(helm, "policy.podCreators={system:serviceaccount:velero:velero}")
    for name in FORGED:
        (condition, *_) = chosen[name]["spec"]["matchConditions"]
        assert "['system:serviceaccount:velero:velero','system:serv" in condition["expression"]


def test_pods_of_others_cost_no_expression(helm: Path) -> None:
    found = rendered(helm)
    keys = {
        binding["spec"]["matchResources"]["objectSelector"]["matchExpressions"][0]["key"]
        for binding in found.values()
        if binding["kind"] == "ValidatingAdmissionPolicyBinding"
        and binding["spec"]["policyName"].endswith(("-pods", "-adoptions"))
    }
    assert keys == {names.TASK_LABEL, names.LOOP_LABEL, "batch.kubernetes.io/controller-uid"}


@pytest.mark.parametrize(
    ("flags", "is_checked"),
    [
        (("--kube-version", "1.29.4"), False),
        (("--kube-version", "1.30.0-gke.1"), True),
        (
            (
                *("--kube-version", "1.29.4", "--api-versions"),
                "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy",
            ),
            True,
        ),
    ],
)
def test_a_cluster_without_admission_policies_is_installed_on_too(
    helm: Path, flags: tuple[str, ...], is_checked: bool
) -> None:
    done = template(helm, *flags)
    assert done.returncode == 0, done.stderr
    assert ("kind: ValidatingAdmissionPolicy\n" in done.stdout) == is_checked
