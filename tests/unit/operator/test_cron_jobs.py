"""The CronJob that is built from a task, and its comparison with the observed one."""

from dataclasses import dataclass
from typing import Any

import pytest

from jvscheduler import environment, names
from jvscheduler_operator.acceptance import Refused, accept
from jvscheduler_operator.objects.digests import digest_of
from jvscheduler_operator.objects.drift import contains
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.tasks.decide import decide
from jvscheduler_operator.tasks.plan import State
from tests.support.operator.objects import NOON, stored_task


def built(task: Manifest) -> Manifest:
    manifest = decide(State(task, None), NOON).cron_job
    assert manifest is not None
    return manifest


def pod_of(**spec: Any) -> dict[str, Any]:
    job = built(stored_task(**spec))["spec"]["jobTemplate"]
    template: dict[str, Any] = job["spec"]["template"]
    return template


def container_of(**spec: Any) -> dict[str, Any]:
    (container,) = pod_of(**spec)["spec"]["containers"]
    assert isinstance(container, dict)
    return container


def environment_of(**spec: Any) -> dict[str, Any]:
    return {v["name"]: v.get("value", v.get("valueFrom")) for v in container_of(**spec)["env"]}


def with_task_container(**fields: Any) -> dict[str, Any]:
    return {"template": {"spec": {"containers": [{"name": "task", **fields}]}}}


def test_the_cron_job_is_named_labelled_and_owned() -> None:
    manifest = built(stored_task())
    metadata = manifest["metadata"]
    assert (metadata["namespace"], metadata["name"]) == ("shop", "restock")
    assert metadata["labels"] == {names.TASK_LABEL: "restock"}
    assert metadata["ownerReferences"] == [
        {
            "apiVersion": names.API_VERSION,
            "kind": names.KIND,
            "name": "restock",
            "uid": "task-uid",
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]
    job = manifest["spec"]["jobTemplate"]
    assert job["metadata"]["labels"] == {names.TASK_LABEL: "restock"}
    assert job["spec"]["podReplacementPolicy"] == "Failed"


@pytest.mark.parametrize("limit", [1, 2])
def test_the_controller_leaves_the_concurrency_limit_to_the_runner(limit: int) -> None:
    assert built(stored_task(maxConcurrency=limit))["spec"]["concurrencyPolicy"] == "Allow"


def test_the_runner_gets_its_task() -> None:
    variables = environment_of(
        activeDeadlineSeconds=60,
        backoffLimit=2,
        retryDelaySeconds=30,
        jitterSeconds=5,
        noRetryOn=["ValueError", "shop.errors.SoldOut"],
        maxConcurrency=3,
        args={"shelf": "$(A)"},
    )
    assert variables == {
        environment.TASK_ID: "shop.tasks.restock",
        environment.TASK_NAME: "restock",
        environment.ENTRYPOINT: "shop.tasks:restock",
        environment.TIMEOUT_SECONDS: "60",
        environment.RETRY_COUNT: "2",
        environment.RETRY_DELAY_SECONDS: "30",
        environment.JITTER_SECONDS: "5",
        environment.NO_RETRY_ON: "ValueError,shop.errors.SoldOut",
        environment.MAX_CONCURRENT: "3",
        environment.ARGS: '{"shelf":"\\u0024(A)"}',
        environment.NAMESPACE: {"fieldRef": {"fieldPath": "metadata.namespace"}},
        environment.POD_NAME: {"fieldRef": {"fieldPath": "metadata.name"}},
        environment.NODE_NAME: {"fieldRef": {"fieldPath": "spec.nodeName"}},
        environment.JOB_NAME: {
            "fieldRef": {"fieldPath": "metadata.labels['batch.kubernetes.io/job-name']"}
        },
        environment.DATABASE_URL: {
            "secretKeyRef": {"name": "jvscheduler-database", "key": "url", "optional": True}
        },
    }


def test_a_job_makes_no_further_pod_after_a_named_exception() -> None:
    named = {"noRetryOn": ["ValueError"]}
    (rule,) = job_spec(backoffLimit=1, **named)["podFailurePolicy"]["rules"]
    codes = {"containerName": "task", "operator": "In", "values": [environment.NOT_RETRIED]}
    assert rule == {"action": "FailJob", "onExitCodes": codes}
    assert "podFailurePolicy" not in job_spec(backoffLimit=0, **named)
    assert "podFailurePolicy" not in job_spec(backoffLimit=1)


def job_spec(**spec: Any) -> dict[str, Any]:
    found: dict[str, Any] = built(stored_task(**spec))["spec"]["jobTemplate"]["spec"]
    return found


def test_no_time_limit_is_no_variable() -> None:
    assert environment.TIMEOUT_SECONDS not in environment_of()


def test_the_runner_is_started_whatever_the_images_entrypoint_is() -> None:
    container = container_of()
    assert container["command"] == ["python3", "-u", "-m", "jvscheduler.runner"]
    assert "args" not in container


def test_a_template_may_start_the_runner_by_another_command() -> None:
    wrapped = ["tini", "--", "python3", "-m", "jvscheduler.runner"]
    assert container_of(**with_task_container(command=wrapped))["command"] == wrapped


def test_an_empty_command_is_the_images_own_entrypoint() -> None:
    runner = ["python3", "-m", "jvscheduler.runner"]
    container = container_of(**with_task_container(command=[], args=runner))
    assert "command" not in container
    assert container["args"] == runner


def test_the_end_of_the_log_tells_of_an_image_without_the_runner() -> None:
    assert container_of()["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_the_pod_is_restricted_and_has_no_token() -> None:
    pod = pod_of()["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert pod["restartPolicy"] == "Never"
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container_of()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert pod["volumes"][0] == {"name": "tmp", "emptyDir": {}}


def test_the_container_has_the_certificates_and_not_the_address_as_files() -> None:
    pod = pod_of()["spec"]
    (volume,) = [v for v in pod["volumes"] if v["name"] == "jvscheduler-database"]
    items = [{"key": "ca.crt", "path": "ca.crt"}]
    expected = {"secretName": "jvscheduler-database", "items": items, "optional": True}
    assert volume["secret"] == expected
    (mount,) = [m for m in container_of()["volumeMounts"] if m["name"] == volume["name"]]
    assert f"{mount['mountPath']}/ca.crt" == environment.DATABASE_AUTHORITY_FILE
    assert mount["readOnly"] is True


def test_a_template_adds_to_the_container_and_overrides_what_it_says() -> None:
    container = container_of(
        **with_task_container(
            resources={"limits": {"memory": "1Gi"}},
            securityContext={"readOnlyRootFilesystem": False},
            volumeMounts=[{"name": "data", "mountPath": "/data"}],
        )
    )
    assert container["image"] == "shop:1"
    assert container["resources"] == {"limits": {"memory": "1Gi"}}
    assert container["securityContext"]["readOnlyRootFilesystem"] is False
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert {"/tmp", "/data"} < {m["mountPath"] for m in container["volumeMounts"]}


def test_a_template_adds_variables_and_may_name_another_database() -> None:
    env = [
        {"name": environment.DATABASE_URL, "value": "sqlite:////data/own"},
        {"name": "REGION", "value": "north"},
    ]
    variables = environment_of(**with_task_container(env=env))
    assert variables[environment.TASK_ID] == "shop.tasks.restock"
    assert variables[environment.DATABASE_URL] == "sqlite:////data/own"
    assert variables["REGION"] == "north"


def test_a_sidecar_that_kubernetes_ends_is_restricted_too() -> None:
    sidecar = {"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"}
    pod = pod_of(template={"spec": {"initContainers": [sidecar]}})
    (main,) = pod["spec"]["containers"]
    (proxy,) = pod["spec"]["initContainers"]
    assert main["name"] == "task"
    assert (proxy["image"], proxy["restartPolicy"]) == ("proxy:1", "Always")
    assert proxy["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "readOnlyRootFilesystem" not in proxy["securityContext"]


def test_a_container_that_would_outlive_the_task_is_refused() -> None:
    containers = [{"name": "task"}, {"name": "proxy", "image": "proxy:1"}]
    refused = stored_task(template={"spec": {"containers": containers}})
    with pytest.raises(Refused, match=r"containers\[proxy\] would keep each Job active"):
        accept(refused)


def test_a_volume_of_the_same_name_replaces_ours() -> None:
    volume = {"name": "tmp", "emptyDir": {"medium": "Memory"}}
    volumes = pod_of(template={"spec": {"volumes": [volume]}})["spec"]["volumes"]
    assert [v for v in volumes if v["name"] == "tmp"] == [volume]


def test_labels_and_annotations_are_added() -> None:
    theirs = {"labels": {"team": "a"}, "annotations": {"note": "b"}}
    metadata = pod_of(template={"metadata": theirs})["metadata"]
    assert metadata["labels"] == {"team": "a", names.TASK_LABEL: "restock"}
    assert metadata["annotations"] == {
        "note": "b",
        names.TASK_ID_ANNOTATION: "shop.tasks.restock",
    }


def test_the_digest_changes_with_the_spec_and_with_nothing_else() -> None:
    digest = digest_of(built(stored_task()))
    assert digest == digest_of(built(stored_task(metadata={"resourceVersion": "9"})))
    assert digest == digest_of(built(stored_task(description="other words")))
    assert digest != digest_of(built(stored_task(image="shop:2")))


@dataclass(frozen=True)
class Comparison:
    name: str
    observed: Any
    desired: Any
    is_contained: bool


COMPARISONS = [
    Comparison("equal", {"a": 1}, {"a": 1}, True),
    Comparison("more observed", {"a": 1, "b": 2}, {"a": 1}, True),
    Comparison("another value", {"a": 2}, {"a": 1}, False),
    Comparison("missing", {}, {"a": 1}, False),
    Comparison("not a map", "a", {"a": 1}, False),
    Comparison(
        "named items in another order", [{"name": "b"}, {"name": "a"}], [{"name": "a"}], True
    ),
    Comparison("a named item missing", [{"name": "b"}], [{"name": "a"}], False),
    Comparison("a named item changed", [{"name": "a", "v": 2}], [{"name": "a", "v": 1}], False),
    Comparison(
        "mounts by path",
        [{"name": "x", "mountPath": "/a"}, {"name": "x", "mountPath": "/b"}],
        [{"name": "x", "mountPath": "/b"}],
        True,
    ),
    Comparison("plain lists in order", ["ALL"], ["ALL"], True),
    Comparison("plain lists of other length", ["ALL", "X"], ["ALL"], False),
    Comparison("an empty list", [], [], True),
]


@pytest.mark.parametrize("case", COMPARISONS, ids=lambda case: case.name)
def test_contains(case: Comparison) -> None:
    assert contains(case.observed, case.desired) == case.is_contained
