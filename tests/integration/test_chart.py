"""The chart as helm renders it; the e2e tests install it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jvscheduler.names import DATABASE_SECRET
from jvscheduler_operator.pod_templates.loops import DEFAULT_RESOURCES, LoopContainer
from jvscheduler_server.access.settings import read_access_settings
from jvscheduler_server.aggregation.application import PREFIX
from tests.support.chart import CHART, operator_settings, rendered, template
from tests.support.operator.process import documented_rules
from tests.support.server.paths import every_path


@dataclass(frozen=True)
class Refusal:
    value: str
    names: str


REFUSALS = [
    Refusal("oprator.image.tag=1", "oprator"),
    Refusal("operator.replicas=2", "replicas"),
    Refusal("postgresql.storage.size=big", "size"),
    Refusal("server.service.port=http", "port"),
    Refusal("image.pullPolicy=Sometimes", "pullPolicy"),
    Refusal("watchNamespaces={Shop}", "watchNamespaces"),
    Refusal("policy.podTemplates=privileged", "podTemplates"),
    Refusal("policy.allowedServiceAccounts={A_B}", "allowedServiceAccounts"),
    Refusal("policy.podCreators=null", "podCreators"),
    Refusal("database.isolation=some", "isolation"),
    Refusal("database.ca.secret=mine", "postgresql.tls.existingSecret"),
    Refusal("database.existingSecret=m,database.ca.secret=a,database.ca.configMap=b", "not both"),
    Refusal("image.registry=registry.example.org", "registry"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda r: r.value)
def test_a_wrong_value_is_refused_by_name(refusal: Refusal, helm: Path) -> None:
    done = template(helm, "--set", refusal.value)
    assert done.returncode != 0
    assert refusal.names in done.stderr


def test_the_chart_passes_helm_lint(helm: Path) -> None:
    subprocess.run([str(helm), "lint", "--strict", str(CHART)], check=True, capture_output=True)


def test_what_uninstall_keeps_is_the_users_choice(helm: Path) -> None:
    keep = {"helm.sh/resource-policy": "keep"}
    crd = "CustomResourceDefinition/scheduledtasks.jvscheduler.dev"
    kept = rendered(helm)
    assert kept[crd]["metadata"]["annotations"] == keep
    gone = rendered(helm, "crds.keep=false", "postgresql.storage.keep=false")
    assert "annotations" not in gone[crd]["metadata"]
    policies = [
        o["StatefulSet/jvscheduler-postgresql"]["spec"]["persistentVolumeClaimRetentionPolicy"]
        for o in (kept, gone)
    ]
    assert [policy["whenDeleted"] for policy in policies] == ["Retain", "Delete"]


def test_every_container_is_restricted_and_limited(helm: Path) -> None:
    workloads = [o for o in rendered(helm).values() if "template" in o.get("spec", {})]
    assert len(workloads) == 4
    for workload in workloads:
        pod = workload["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in [*pod.get("initContainers", ()), *pod["containers"]]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]


def test_nothing_may_read_secrets_but_the_operator_and_the_hook_their_own(helm: Path) -> None:
    objects = rendered(helm)
    # Its account, its rights and its Job are gone as soon as they are done.
    hook = objects.pop("Role/jvscheduler-credentials")
    assert hook["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    named, creating = hook["rules"]
    assert (named["verbs"], creating["verbs"]) == (["get", "patch"], ["create"])
    assert all(name.startswith("jvscheduler-") for name in named["resourceNames"])
    rules = [
        rule
        for o in objects.values()
        if o["kind"] in ("Role", "ClusterRole")
        for rule in o["rules"]
    ]
    assert rules
    for rule in rules:
        assert "*" not in rule["verbs"] + rule["resources"] + rule["apiGroups"]
        if "secrets" in rule["resources"] and rule.get("resourceNames") != [DATABASE_SECRET]:
            assert not {"get", "list", "watch"} & set(rule["verbs"])


def test_loops_run_the_servers_image(helm: Path) -> None:
    objects = rendered(helm, "image.registry=mirror.example.org/", "server.image.tag=edge")
    (operator,) = objects["Deployment/jvscheduler-operator"]["spec"]["template"]["spec"][
        "containers"
    ]
    environ = {v["name"]: v.get("value") for v in operator["env"]}
    assert environ["JVSCHEDULER_LOOP_IMAGE"] == "mirror.example.org/jvscheduler/server:edge"
    assert environ["JVSCHEDULER_LOOP_IMAGE_PULL_POLICY"] == "IfNotPresent"


def loop_settings(helm: Path, *values: str) -> LoopContainer:
    """The container `loop` as the operator of such an installation makes it."""
    return operator_settings(helm, *values).loop_container


def test_the_resources_of_loops_are_a_value(helm: Path) -> None:
    assert loop_settings(helm).resources == DEFAULT_RESOURCES
    chosen = loop_settings(helm, "loop.resources.limits.memory=1Gi", "loop.resources.limits.cpu=2")
    assert chosen.resources["limits"] == {"memory": "1Gi", "cpu": 2}


def test_pull_secrets_reach_loops(helm: Path) -> None:
    assert loop_settings(helm).pull_secrets == []
    chosen = loop_settings(
        helm, "image.pullSecrets[0].name=mirror", "image.pullSecrets[1].name=own"
    )
    assert chosen.pull_secrets == ["mirror", "own"]


def test_rights_are_those_that_the_documentation_states(helm: Path) -> None:
    objects = rendered(helm)
    for name, rules in documented_rules().items():
        assert objects[f"ClusterRole/{name}"]["rules"] == rules


def test_image_names_follow_registry_repository_and_tag(helm: Path) -> None:
    objects = rendered(helm, "image.registry=mirror.example.org/", "server.image.tag=edge")
    pod = objects["Deployment/jvscheduler-server"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "mirror.example.org/jvscheduler/server:edge"


def server_of(objects: dict[str, dict[str, Any]]) -> dict[str, str]:
    """The variables of the server's container."""
    pod = objects["Deployment/jvscheduler-server"]["spec"]["template"]["spec"]
    return {v["name"]: v["value"] for v in pod["containers"][0]["env"] if "value" in v}


def may_review(objects: dict[str, dict[str, Any]]) -> bool:
    rules = objects.get("ClusterRole/jvscheduler-server-reviews", {}).get("rules", [])
    reviews = {r for rule in rules for r in rule["resources"] if rule["verbs"] == ["create"]}
    return reviews >= {"tokenreviews", "subjectaccessreviews"}


@pytest.mark.parametrize("mode", ["none", "kubernetes", "proxy"])
def test_the_servers_login_is_a_value(mode: str, helm: Path) -> None:
    proxy = ["auth.proxy.addresses[0]=10.1.0.0/16", "auth.proxy.addresses[1]=fd00::7"]
    values = [f"auth.mode={mode}", "auth.aggregation=false", *(proxy if mode == "proxy" else [])]
    objects = rendered(helm, *values)
    settings = read_access_settings(server_of(objects))
    assert settings.mode == mode
    assert (settings.proxy is not None) == (mode == "proxy")
    assert may_review(objects) == (mode != "none")


@pytest.mark.parametrize(
    "values", ["auth.mode=off", "auth.mode=proxy", "auth.mode=proxy,auth.proxy.addresses[0]=any"]
)
def test_a_login_that_cannot_be_is_refused(values: str, helm: Path) -> None:
    done = template(helm, "--set", values)
    assert done.returncode != 0
    assert "auth" in done.stderr


def test_whoever_has_logged_in_may_ask_every_path_through_the_api_server(helm: Path) -> None:
    assert not any("APIService" in name for name in rendered(helm, "auth.aggregation=false"))
    objects = rendered(helm)
    group = objects["APIService/v1alpha1.monitoring.jvscheduler.dev"]["spec"]
    assert f"/apis/{group['group']}/{group['version']}" == PREFIX
    (rule,) = objects["ClusterRole/jvscheduler-api"]["rules"]
    # As the API server reads a path after the version: resource, name, subresource.
    parts = [path.strip("/").split("/") for path in every_path()]
    asked = {"/".join(words[:1] + words[2:3]) for words in parts}
    assert asked <= set(rule["resources"])
    assert rule["verbs"] == ["get", "list"]
    (port,) = objects["Service/jvscheduler-api"]["spec"]["ports"]
    pod = objects["Deployment/jvscheduler-server"]["spec"]["template"]["spec"]
    listening = {p["name"]: p["containerPort"] for p in pod["containers"][0]["ports"]}
    assert str(listening[port["targetPort"]]) == server_of(objects)["JVSCHEDULER_AGGREGATION_PORT"]
    assert may_review(objects)
    registration = objects["APIService/v1alpha1.monitoring.jvscheduler.dev"]
    # The server writes how it is verified.
    assert not {"insecureSkipTLSVerify", "caBundle"} & set(registration["spec"])
    (writing,) = objects["ClusterRole/jvscheduler-server-registration"]["rules"]
    assert writing["resourceNames"] == [registration["metadata"]["name"]]
    assert (writing["resources"], writing["verbs"]) == (["apiservices"], ["get", "patch"])
    mounts = {m["name"]: m["mountPath"] for m in pod["containers"][0]["volumeMounts"]}
    assert mounts["api"] == server_of(objects)["JVSCHEDULER_AGGREGATION_CERTIFICATE"]
