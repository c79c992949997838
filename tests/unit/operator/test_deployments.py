"""The Deployment of a loop, and what each container of its pod has and must not have."""

from typing import Any

import pytest

from jvscheduler_operator.acceptance import spec_of
from jvscheduler_operator.loops import deployments
from jvscheduler_operator.objects.readiness import readiness
from jvscheduler_operator.pod_templates.loops import DEFAULT_RESOURCES, LoopContainer
from tests.support.operator.objects import stored_task


def deployment(**spec: Any) -> dict[str, Any]:
    accepted = spec_of(stored_task(**{"backend": "Loop", **spec}))
    return deployments.build("shop", accepted, LoopContainer("server:1", "Always"))


def pod(**spec: Any) -> dict[str, Any]:
    found: dict[str, Any] = deployment(**spec)["spec"]["template"]["spec"]
    return found


def container(name: str, **spec: Any) -> dict[str, Any]:
    (found,) = (c for c in pod(**spec)["containers"] if c["name"] == name)
    assert isinstance(found, dict)
    return found


def environ(name: str, **spec: Any) -> dict[str, Any]:
    return {v["name"]: v.get("value", v.get("valueFrom")) for v in container(name, **spec)["env"]}


def mounts(name: str, **spec: Any) -> dict[str, str]:
    return {m["mountPath"]: m["name"] for m in container(name, **spec)["volumeMounts"]}


def with_task(**fields: Any) -> dict[str, Any]:
    return {"template": {"spec": {"containers": [{"name": "task", **fields}]}}}


PLACE = {
    "JVSCHEDULER_NAMESPACE": {"fieldRef": {"fieldPath": "metadata.namespace"}},
    "JVSCHEDULER_POD_NAME": {"fieldRef": {"fieldPath": "metadata.name"}},
    "JVSCHEDULER_NODE_NAME": {"fieldRef": {"fieldPath": "spec.nodeName"}},
}
DATABASE = {"secretKeyRef": {"name": "jvscheduler-database", "key": "url", "optional": True}}
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a folder


def test_there_is_one_pod_and_a_rollout_starts_the_new_one_first() -> None:
    manifest = deployment()
    name = manifest["metadata"]["name"]
    assert manifest["spec"]["replicas"] == 1
    assert manifest["spec"]["strategy"] == {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    assert manifest["metadata"]["labels"] == {"jvscheduler.dev/loop": name}
    assert manifest["spec"]["selector"] == {"matchLabels": {"jvscheduler.dev/loop": name}}
    assert manifest["spec"]["template"]["metadata"]["labels"] == {"jvscheduler.dev/loop": name}


@pytest.mark.parametrize(
    ("spec", "is_another"),
    [
        ({"image": "shop:2"}, True),
        ({"template": {"spec": {"serviceAccountName": "reader"}}}, True),
        ({"template": {"metadata": {"labels": {"team": "a"}}}}, True),
        (with_task(resources={"limits": {"memory": "1Gi"}}), True),
        ({"template": {}}, False),
        ({"schedule": "every 7 seconds"}, False),
        ({"suspend": True, "maxConcurrency": 5, "description": "other words"}, False),
        ({"taskID": "shop.tasks.other", "entrypoint": "shop.tasks:other"}, False),
    ],
)
def test_the_name_changes_with_image_and_template_only(
    spec: dict[str, Any], is_another: bool
) -> None:
    name, other = deployment()["metadata"]["name"], deployment(**spec)["metadata"]["name"]
    assert (name != other) == is_another
    assert name.startswith("jvscheduler-loop-")
    assert len(other) <= 40


def test_the_loop_gets_its_name_its_worker_and_its_folders() -> None:
    assert environ("loop") == {
        **PLACE,
        "JVSCHEDULER_LOOP_NAME": deployment()["metadata"]["name"],
        "JVSCHEDULER_SPOOL": "/var/spool/jvscheduler",
        "JVSCHEDULER_WORKER_SOCKET": "/run/jvscheduler/worker.sock",
        "JVSCHEDULER_GRACE_SECONDS": "300",
        "JVSCHEDULER_DATABASE_URL": DATABASE,
    }
    assert mounts("loop") == {
        "/etc/jvscheduler/database": "jvscheduler-database",
        "/run/jvscheduler": "jvscheduler-run",
        "/var/spool/jvscheduler": "jvscheduler-spool",
        "/tmp": "jvscheduler-tmp",
        TOKEN: "jvscheduler-token",
    }
    loop = container("loop")
    assert (loop["image"], loop["imagePullPolicy"]) == ("server:1", "Always")
    assert loop["command"] == ["python", "-m", "jvscheduler_server.loop_pod"]


def test_the_loop_is_ready_when_its_file_exists() -> None:
    loop = container("loop")
    for probe in (loop["startupProbe"], loop["readinessProbe"]):
        assert probe["exec"] == {"command": ["test", "-f", "/run/jvscheduler/ready"]}


def test_the_worker_runs_the_users_image_without_a_token() -> None:
    assert environ("worker") == {
        **PLACE,
        "JVSCHEDULER_WORKER_SOCKET": "/run/jvscheduler/worker.sock",
        "JVSCHEDULER_GRACE_SECONDS": "300",
        "JVSCHEDULER_DATABASE_URL": DATABASE,
    }
    assert mounts("worker") == {
        "/tmp": "tmp",
        "/run/jvscheduler": "jvscheduler-run",
        "/etc/jvscheduler/database": "jvscheduler-database",
    }
    worker = container("worker")
    assert worker["image"] == "shop:1"
    assert worker["command"] == ["python3", "-u", "-m", "jvscheduler.worker"]
    assert pod()["automountServiceAccountToken"] is False


def test_the_token_is_short_lived() -> None:
    (token,) = (v for v in pod()["volumes"] if v["name"] == "jvscheduler-token")
    source = token["projected"]["sources"][0]
    assert source == {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}}


@pytest.mark.parametrize("name", ["loop", "worker"])
def test_the_end_of_the_log_tells_why_a_container_ended(name: str) -> None:
    assert container(name)["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_another_container_of_a_loop_is_restricted_too() -> None:
    containers = [{"name": "proxy", "image": "proxy:1"}]
    template = {"spec": {"containers": containers, "initContainers": containers}}
    proxy = container("proxy", template=template)
    (init,) = pod(template=template)["initContainers"]
    assert proxy == init
    assert proxy["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "readOnlyRootFilesystem" not in proxy["securityContext"]


@pytest.mark.parametrize("name", ["loop", "worker"])
def test_both_containers_are_restricted(name: str) -> None:
    assert container(name)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert pod()["restartPolicy"] == "Always"


def test_the_template_of_the_task_is_laid_over_the_worker() -> None:
    spec = with_task(
        resources={"limits": {"memory": "1Gi"}}, env=[{"name": "REGION", "value": "north"}]
    )
    assert container("worker", **spec)["resources"] == {"limits": {"memory": "1Gi"}}
    assert environ("worker", **spec)["REGION"] == "north"
    assert "REGION" not in environ("loop", **spec)
    assert container("loop", **spec)["resources"] == DEFAULT_RESOURCES


def of_installation(**chosen: Any) -> dict[str, Any]:
    """The pod, when the installation says this about the container `loop`."""
    spec = {"backend": "Loop", **chosen.pop("spec", {})}
    accepted = spec_of(stored_task(**spec))
    made = deployments.build("shop", accepted, LoopContainer("server:1", **chosen))
    found: dict[str, Any] = made["spec"]["template"]["spec"]
    return found


def test_the_loop_has_a_limit_of_memory_so_that_a_quota_does_not_refuse_it() -> None:
    resources = container("loop")["resources"]
    assert resources["limits"].keys() == {"memory"}
    assert resources["requests"].keys() == {"cpu", "memory"}


def test_the_installation_sets_the_resources_of_the_loop() -> None:
    chosen = {"limits": {"cpu": "1", "memory": "1Gi"}}
    loop, worker = of_installation(resources=chosen)["containers"]
    assert loop["resources"] == chosen
    assert "resources" not in worker


def test_the_installations_pull_secrets_reach_the_loop_beside_the_templates() -> None:
    assert of_installation(pull_secrets=["mirror"])["imagePullSecrets"] == [{"name": "mirror"}]
    template = {"spec": {"imagePullSecrets": [{"name": "own"}, {"name": "mirror"}]}}
    pod = of_installation(pull_secrets=["mirror"], spec={"template": template})
    assert pod["imagePullSecrets"] == [{"name": "own"}, {"name": "mirror"}]
    assert "imagePullSecrets" not in of_installation()


def test_another_installation_keeps_the_loops_name() -> None:
    accepted = spec_of(stored_task(backend="Loop"))
    plain, other = (
        deployments.build("shop", accepted, LoopContainer("server:1", pull_secrets=secrets))
        for secrets in ([], ["mirror"])
    )
    assert plain["metadata"]["name"] == other["metadata"]["name"]
    assert plain["metadata"]["annotations"] != other["metadata"]["annotations"]


def test_the_template_cannot_separate_worker_and_loop() -> None:
    spec = with_task(
        volumeMounts=[{"name": "data", "mountPath": "/run/jvscheduler"}],
    )
    spec["template"]["spec"]["volumes"] = [{"name": "jvscheduler-run", "hostPath": {"path": "/"}}]
    assert environ("worker", **spec)["JVSCHEDULER_WORKER_SOCKET"] == "/run/jvscheduler/worker.sock"
    assert mounts("worker", **spec)["/run/jvscheduler"] == "jvscheduler-run"
    assert {"name": "jvscheduler-run", "emptyDir": {}} in pod(**spec)["volumes"]


def test_a_users_own_database_is_used_by_loop_and_worker() -> None:
    spec = with_task(env=[{"name": "JVSCHEDULER_DATABASE_URL", "value": "postgresql://own/jobs"}])
    for name in ("loop", "worker"):
        assert environ(name, **spec)["JVSCHEDULER_DATABASE_URL"] == "postgresql://own/jobs"


def test_the_template_may_set_the_grace_period() -> None:
    spec = {"template": {"spec": {"terminationGracePeriodSeconds": 30}}}
    assert pod(**spec)["terminationGracePeriodSeconds"] == 30
    assert environ("loop", **spec)["JVSCHEDULER_GRACE_SECONDS"] == "30"
    assert pod()["terminationGracePeriodSeconds"] == 300


def test_the_pod_does_not_look_like_one_of_a_task() -> None:
    labels = {"team": "a"}
    metadata = deployment(template={"metadata": {"labels": labels}})["spec"]["template"]["metadata"]
    assert metadata["labels"].keys() == {"team", "jvscheduler.dev/loop"}


def test_the_service_account_is_ours_unless_the_user_has_one() -> None:
    account, binding = deployments.rights(deployment())
    assert account["metadata"] == {"name": "jvscheduler-loop", "namespace": "shop"}
    assert account["automountServiceAccountToken"] is False
    assert binding["subjects"][0]["name"] == "jvscheduler-loop"
    (binding,) = deployments.rights(deployment(template={"spec": {"serviceAccountName": "reader"}}))
    assert binding["metadata"]["name"] == "jvscheduler-loop:reader"
    assert binding["subjects"][0] == {
        "kind": "ServiceAccount",
        "name": "reader",
        "namespace": "shop",
    }
    assert binding["roleRef"]["name"] == "jvscheduler-loop"


def with_status(**status: Any) -> dict[str, Any]:
    return {**deployment(), "status": status}


def condition(kind: str, status: str, message: str) -> dict[str, str]:
    return {"type": kind, "status": status, "message": message}


SLOW = condition("Available", "False", "does not have minimum availability")
STUCK = condition("Progressing", "False", "has timed out progressing")
QUOTA = condition("ReplicaFailure", "True", "exceeded quota")


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ({}, "no pod is ready yet"),
        ({"conditions": [SLOW]}, "does not have minimum availability"),
        ({"conditions": [SLOW, STUCK]}, "has timed out progressing"),
        ({"conditions": [STUCK, SLOW, QUOTA]}, "exceeded quota"),
        ({"conditions": [{"type": "Available", "status": "False"}]}, "it does not say why"),
    ],
)
def test_the_message_of_an_unavailable_loop_is_the_deployments(
    status: dict[str, Any], message: str
) -> None:
    found = readiness(with_status(**status))
    assert (found.is_available, found.message) == (False, message)


def test_one_available_pod_is_enough_also_during_a_rollout() -> None:
    assert readiness(with_status(availableReplicas=1, conditions=[STUCK])).is_available
    assert not readiness(None).is_available
