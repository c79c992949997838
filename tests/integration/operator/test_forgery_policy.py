"""Who makes pods, Jobs and so on with the labels of a task: the chart's admission policies.

Kubernetes' own controllers run here with accounts of their own, as in a cluster.
"""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from jvscheduler import names
from tests.cluster.api_server import ApiServer
from tests.cluster.errors import CommandError
from tests.support.operator.forgeries import MAKER, Namespace, cron_job, job, pod, replicated
from tests.support.operator.shop import Shop, open_shop
from tests.support.waiting import eventually

CHART = Path(__file__).parents[3] / "charts" / "jvscheduler"
NAMESPACE: Final = "forgeries"
DOOMED: Final = "forgeries-doomed"
"""A second namespace that is watched."""
ELSEWHERE: Final = "forgeries-elsewhere"
"""A namespace that is not watched."""
OPERATOR: Final = "system:serviceaccount:jvscheduler:jvscheduler-operator"
KUBE_SYSTEM: Final = "system:serviceaccount:kube-system"
TASK: Final = {names.TASK_LABEL: "restock"}
LOOP: Final = {names.LOOP_LABEL: "jvscheduler-loop-1"}
OWNER: Final = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner"}
REFUSED: Final = "ValidatingAdmissionPolicy"


@pytest.fixture(scope="module")
def namespace(api_server: ApiServer) -> Iterator[Namespace]:
    opened = Namespace(open_shop(api_server, NAMESPACE))
    for name in (DOOMED, ELSEWHERE):
        api_server.kubectl("create", "namespace", name)
    for name in (NAMESPACE, DOOMED, ELSEWHERE):
        bound = ("create", "rolebinding", "edit", "--clusterrole=edit", f"--user={MAKER}")
        account = OPERATOR.removeprefix("system:serviceaccount:")
        api_server.kubectl("-n", name, *bound, f"--serviceaccount={account}")
    policies = api_server.helm(
        *("template", "jvscheduler", str(CHART), "-n", "jvscheduler"),
        *("--set", f"watchNamespaces={{{NAMESPACE},{DOOMED}}}", "--set", "auth.aggregation=false"),
        *("--show-only", "templates/policy/forgeries.yaml"),
    )
    api_server.kubectl("apply", "-f", "-", stdin=policies)
    # The API server reads a new policy some moments after it was created.
    for probe in MADE_BY_NOBODY:
        eventually(partial(is_refused, opened, probe), "the policy is in force", 60)
    eventually(partial(is_refused, opened, ADOPTED, REPLICATOR), "the policy is in force", 60)
    yield opened
    api_server.kubectl("delete", "-f", "-", stdin=policies)


def is_refused(namespace: Namespace, manifest: dict[str, Any], user: str = MAKER) -> bool:
    try:
        namespace.create(manifest, user)
    except CommandError as error:
        return REFUSED in str(error)
    namespace.kubectl("delete", manifest["kind"], manifest["metadata"]["name"], "--wait=false")
    return False


CONTROLLER_UID: Final = "batch.kubernetes.io/controller-uid"
JOB_UID: Final = {CONTROLLER_UID: "uid"}
REPLICATOR: Final = f"{KUBE_SYSTEM}:replicaset-controller"
SET: Final = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "set", "uid": "uid"}
ADOPTED: Final = pod("adopted", JOB_UID, ownerReferences=[SET | {"controller": True}])
MADE_BY_NOBODY: Final = (
    pod("of-a-job", JOB_UID),
    pod("of-a-task", TASK),
    pod("of-a-loop", LOOP),
    job("restock-29924140", TASK, TASK),
    job("restock-1772452805", {}, TASK),
    job("restock-29924141", TASK, {}),
    job("of-a-loop", {}, LOOP),
    job("with-a-selector", {}, TASK, TASK),
    cron_job("of-a-task", TASK, {}, {}),
    cron_job("whose-jobs-are", {}, TASK, {}),
    cron_job("whose-pods-are", {}, {}, TASK),
    replicated("Deployment", "of-a-loop", LOOP, {}),
    replicated("Deployment", "whose-pods-are", {}, LOOP),
    replicated("ReplicaSet", "of-a-loop", LOOP, {}),
    replicated("ReplicaSet", "whose-pods-are", {}, TASK),
)


@pytest.mark.parametrize(
    "manifest", MADE_BY_NOBODY, ids=lambda m: f"{m['kind']}-{m['metadata']['name']}"
)
def test_a_user_makes_nothing_that_says_it_is_of_a_task(
    namespace: Namespace, manifest: dict[str, Any]
) -> None:
    with pytest.raises(
        CommandError, match=f"{REFUSED}.*(operator|controllers|due instant|selector)"
    ):
        namespace.create(manifest)


def test_what_has_no_such_label_is_not_the_policys(namespace: Namespace) -> None:
    plain = {"app": "plain"}
    for manifest in (
        pod("plain", plain),
        job("plain-29924140", plain, plain),
        cron_job("plain", plain, plain, plain),
        replicated("Deployment", "plain", plain, plain),
    ):
        namespace.create(manifest)
    namespace.patch("pod/plain", {"metadata": {"labels": {"app": "other"}}})


def test_in_a_namespace_that_is_not_watched_nothing_is_refused(namespace: Namespace) -> None:
    elsewhere = Namespace(Shop(namespace.shop.server, ELSEWHERE))
    elsewhere.create(pod("of-a-task", TASK))


def refusal(namespace: Namespace, name: str) -> str:
    about = f"--field-selector=involvedObject.name={name},reason=FailedCreate"
    return namespace.kubectl("get", "events", about, "-o", "jsonpath={.items[*].message}")


def test_a_set_whose_pods_say_so_makes_none(namespace: Namespace) -> None:
    namespace.create(replicated("StatefulSet", "forged", {}, TASK))
    refused = eventually(partial(refusal, namespace, "forged"), "its controller is refused")
    assert "policy.podCreators" in refused
    assert namespace.found("pods", TASK) == []


def test_no_controller_makes_a_pod_for_another_job_to_adopt(namespace: Namespace) -> None:
    labels = {names.TASK_LABEL: "victim"}
    victim = job("victim-29924140", labels, labels)
    namespace.create(victim, f"{KUBE_SYSTEM}:cronjob-controller")
    (honest,) = eventually(lambda: namespace.found("pods", labels), "the Job has a pod")
    uid = {CONTROLLER_UID: honest["metadata"]["labels"][CONTROLLER_UID]}
    thieves = (job("thief", {}, uid, uid), replicated("ReplicaSet", "thieves", {}, uid))
    for thief in thieves:
        namespace.create(thief)
        name = thief["metadata"]["name"]
        refused = eventually(partial(refusal, namespace, name), "its controller is refused")
        assert "names another Job" in refused
    assert [p["metadata"]["uid"] for p in namespace.found("pods", uid)] == [
        honest["metadata"]["uid"]
    ]


@pytest.mark.parametrize("user", ["job-controller", "replicaset-controller"])
def test_a_controller_makes_pods(namespace: Namespace, user: str) -> None:
    namespace.create(pod(f"of-{user}", TASK | {"by": user}), f"{KUBE_SYSTEM}:{user}")


def test_a_job_by_hand_runs_under_a_name_of_its_own(namespace: Namespace) -> None:
    labels = {names.TASK_LABEL: "by-hand"}
    namespace.create(cron_job("by-hand", labels, labels, labels), OPERATOR)
    made = ("create", "job", "--from=cronjob/by-hand")
    with pytest.raises(CommandError, match="give the Job another name"):
        namespace.kubectl(*made, "by-hand-29924140")
    namespace.kubectl(*made, "by-hand-again")
    (found,) = eventually(
        lambda: namespace.found("pods", labels), "the controller has made the Job's pod"
    )
    assert found["metadata"]["labels"][names.JOB_NAME_LABEL] == "by-hand-again"


def test_kubernetes_makes_the_pods_of_a_loop(namespace: Namespace) -> None:
    labels = {names.LOOP_LABEL: "rolled"}
    namespace.create(replicated("Deployment", "rolled", labels, labels), OPERATOR)
    eventually(lambda: namespace.found("replicasets", labels), "there is a ReplicaSet")
    eventually(lambda: namespace.found("pods", labels), "there is a pod")
    namespace.kubectl("rollout", "restart", "deployment/rolled")
    eventually(lambda: len(namespace.found("replicasets", labels)) == 2, "there are two")
    namespace.kubectl("scale", "deployment/rolled", "--replicas=0")
    eventually(lambda: not namespace.found("pods", labels), "the pods are gone")


@pytest.fixture(scope="module")
def honest(namespace: Namespace) -> str:
    """A pod as the Job controller makes it, with an owner."""
    create = ("create", "configmap", "owner", "-o", "jsonpath={.metadata.uid}")
    owner = OWNER | {"uid": namespace.kubectl(*create), "controller": True}
    labels = {names.TASK_LABEL: "honest", names.JOB_NAME_LABEL: "honest-29924140"}
    annotations = {names.TASK_ID_ANNOTATION: "shop.honest"}
    metadata = {"annotations": annotations, "ownerReferences": [owner]}
    namespace.create(pod("honest", labels, **metadata), f"{KUBE_SYSTEM}:job-controller")
    return "pod/honest"


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {names.TASK_LABEL: "other"}},
        {"labels": {names.TASK_LABEL: None}},
        {"labels": LOOP},
        {"labels": {names.JOB_NAME_LABEL: "honest-29924141"}},
        {"annotations": {names.TASK_ID_ANNOTATION: "shop.other"}},
        {"annotations": {names.TASK_ID_ANNOTATION: None}},
        {"ownerReferences": [OWNER | {"uid": "u"}]},
        {"ownerReferences": [OWNER | {"kind": "Job", "uid": "u", "controller": True}]},
    ],
    ids=json.dumps,
)
def test_nobody_changes_whose_a_pod_is(
    namespace: Namespace, honest: str, metadata: dict[str, Any]
) -> None:
    with pytest.raises(CommandError, match=REFUSED):
        namespace.patch(honest, {"metadata": metadata})


def test_a_pod_does_not_become_one_of_a_task(namespace: Namespace) -> None:
    namespace.create(pod("becoming"))
    for label in (TASK, LOOP, JOB_UID):
        with pytest.raises(CommandError, match="not changed by hand"):
            namespace.patch("pod/becoming", {"metadata": {"labels": label}})


def test_what_others_do_to_a_pod_passes(namespace: Namespace, honest: str) -> None:
    namespace.patch(honest, {"metadata": {"labels": {"team": "a"}, "annotations": {"n": "1"}}})
    namespace.patch(honest, {"metadata": {"finalizers": ["shop.test/hold"]}})
    namespace.shop.server.kubectl(
        *("-n", NAMESPACE, "patch", honest, "--subresource=status", "--type=merge"),
        '-p={"status":{"reason":"Seen"}}',
    )
    ephemeral = {"name": "look", "image": "shop:1", "targetContainerName": "task"}
    namespace.shop.server.kubectl(
        *("-n", NAMESPACE, "patch", honest, "--subresource=ephemeralcontainers"),
        f"-p={json.dumps({'spec': {'ephemeralContainers': [ephemeral]}})}",
    )
    # As garbage collection does it for `--cascade=orphan`.
    namespace.patch(honest, {"metadata": {"ownerReferences": None}})
    namespace.kubectl("delete", honest, "--wait=false")
    namespace.patch(honest, {"metadata": {"finalizers": None}})
    gone = ("-n", NAMESPACE, "get", honest)
    eventually(lambda: not namespace.shop.server.answers(*gone), "the pod is gone", 60)


def test_a_pod_of_another_job_may_get_an_owner(namespace: Namespace) -> None:
    namespace.create(pod("of-any-job", JOB_UID), f"{KUBE_SYSTEM}:job-controller")
    namespace.patch("pod/of-any-job", {"metadata": {"ownerReferences": [OWNER | {"uid": "u"}]}})
    with pytest.raises(CommandError, match="not changed by hand"):
        namespace.patch("pod/of-any-job", {"metadata": {"labels": dict.fromkeys(JOB_UID)}})


def test_an_eviction_passes(namespace: Namespace) -> None:
    namespace.create(pod("evicted", TASK), f"{KUBE_SYSTEM}:job-controller")
    metadata = {"name": "evicted", "namespace": NAMESPACE}
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/evicted/eviction"
    namespace.kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(eviction))


def test_a_job_is_deleted_and_leaves_its_pods(namespace: Namespace) -> None:
    labels = {names.TASK_LABEL: "orphaned"}
    namespace.create(job("orphaned-29924140", labels, labels), f"{KUBE_SYSTEM}:cronjob-controller")
    eventually(lambda: namespace.found("pods", labels), "the Job has a pod")
    namespace.kubectl("delete", "job", "orphaned-29924140", "--cascade=orphan")

    def owners() -> list[Any]:
        return [p["metadata"].get("ownerReferences", []) for p in namespace.found("pods", labels)]

    eventually(lambda: owners() == [[]], "garbage collection has taken the owner away")


def test_only_the_operator_writes_why_a_job_was_given_up(namespace: Namespace) -> None:
    labels = {names.TASK_LABEL: "given-up"}
    namespace.create(job("by-hand", labels, labels))
    annotations = {names.GIVEN_UP_ANNOTATION: "DeadlineMissed"}
    with pytest.raises(CommandError, match="not changed by hand"):
        namespace.patch("job/by-hand", {"metadata": {"annotations": annotations}})
    namespace.patch("job/by-hand", {"spec": {"activeDeadlineSeconds": 60}})


def test_a_namespace_with_such_objects_is_deleted(namespace: Namespace) -> None:
    server = namespace.shop.server
    doomed = Namespace(Shop(server, DOOMED))
    labels = {names.TASK_LABEL: "doomed"}
    doomed.create(job("by-hand", labels, labels))
    eventually(lambda: doomed.found("pods", labels), "the Job has a pod")
    server.kubectl("delete", "namespace", DOOMED, "--timeout=120s")
    assert not server.answers("get", "namespace", DOOMED)


def test_the_policies_have_no_type_errors(namespace: Namespace) -> None:
    def checked() -> list[Any] | None:
        found = namespace.shop.server.kubectl("get", "validatingadmissionpolicies", "-o", "json")
        policies = [
            policy
            for policy in json.loads(found)["items"]
            if policy["metadata"]["name"].startswith("jvscheduler-forged-")
        ]
        done = [p["status"] for p in policies if "typeChecking" in p.get("status", {})]
        return done if len(done) == len(policies) == 7 else None

    statuses = eventually(checked, "the policies are checked")
    assert [status["typeChecking"] for status in statuses] == [{}] * 7
