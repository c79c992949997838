"""A stolen token of the operator gets no more than tasks need: the chart's admission policies."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from jvscheduler import names
from tests.cluster.api_server import ApiServer
from tests.cluster.errors import CommandError
from tests.support.operator.objects import foreign_cron_job
from tests.support.operator.process import run_operator, token_kubeconfig
from tests.support.operator.shop import Shop, open_shop
from tests.support.waiting import eventually

CHART = Path(__file__).parents[3] / "charts" / "jvscheduler"
RELEASE = "confined"
THIEF = f"--as=system:serviceaccount:{RELEASE}:jvscheduler-operator"
HOOK = f"--as=system:serviceaccount:{RELEASE}:jvscheduler-credentials"
OFTEN = "every 7 seconds"
PARTS = (
    *("operator/rbac.yaml", "operator/serviceaccount.yaml", "loop/rbac.yaml"),
    *("policy/operator.yaml", "policy/secrets.yaml"),
)
OWNER = {
    "apiVersion": names.API_VERSION,
    "kind": names.KIND,
    "name": "forged",
    "uid": "00000000-0000-0000-0000-000000000000",
}
"""Anybody may write one, so that ownership alone is no boundary: the pod is held to rules too."""


@dataclass(frozen=True)
class Confined:
    shop: Shop

    def steal(self, *arguments: str, stdin: str | None = None, thief: str = THIEF) -> str:
        """Do it with the rights of the operator's service account."""
        return self.shop.server.kubectl(thief, *arguments, stdin=stdin)

    def create(self, manifest: dict[str, Any], thief: str = THIEF) -> str:
        return self.steal("create", "-f", "-", stdin=yaml.safe_dump(manifest), thief=thief)

    def change(self, manifest: dict[str, Any], *flags: str, thief: str = THIEF) -> str:
        # One request, as the operator makes it: it may not get a Deployment.
        words = ("apply", "--server-side", "--force-conflicts", *flags, "-f", "-")
        return self.steal(*words, stdin=yaml.safe_dump(manifest), thief=thief)


@pytest.fixture(scope="module")
def confined(api_server: ApiServer) -> Iterator[Confined]:
    shop = open_shop(api_server, "confined-shop")
    api_server.kubectl("create", "namespace", RELEASE)
    shown = [f"--show-only=templates/{part}" for part in PARTS]
    rendered = api_server.helm("template", "jvscheduler", str(CHART), "-n", RELEASE, *shown)
    api_server.kubectl("apply", "-f", "-", stdin=rendered)
    opened = Confined(shop)
    account = f"--serviceaccount={RELEASE}:jvscheduler-credentials"
    writes = ("create", "rolebinding", "writes", "--clusterrole=edit", account)
    api_server.kubectl("-n", "confined-shop", *writes)
    for manifest in (cron_job("probe"), deployment("probe"), secret("probe")):
        # The API server reads a new policy some moments after it was created.
        eventually(partial(is_refused, opened, manifest), "the policy is in force", 60)
    probe = secret("probe")
    eventually(partial(is_refused, opened, probe, HOOK), "the policy is in force", 60)
    yield opened
    api_server.kubectl("delete", "-f", "-", stdin=rendered)


def is_refused(confined: Confined, manifest: dict[str, Any], thief: str = THIEF) -> bool:
    try:
        confined.create(manifest, thief)
    except CommandError as error:
        return "ValidatingAdmissionPolicy" in str(error)
    confined.shop.delete(manifest["kind"], manifest["metadata"]["name"])
    return False


def cron_job(name: str, pod: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    made = copy.deepcopy(foreign_cron_job(name, "confined-shop"))
    made["metadata"].update(metadata)
    made["spec"]["jobTemplate"]["spec"]["template"]["spec"].update(pod or {})
    return made


def deployment(name: str, pod: dict[str, Any] | None = None) -> dict[str, Any]:
    labels = {"app": name}
    containers = [{"name": "main", "image": "other:1"}]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "confined-shop"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": containers, **(pod or {})},
            },
        },
    }


def secret(name: str, kind: str | None = None, **annotations: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "confined-shop", "annotations": annotations}
    made = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"url": "YQ=="}}
    return made | ({"type": kind} if kind else {})


def main(**security: Any) -> dict[str, Any]:
    return {"containers": [{"name": "main", "image": "other:1", "securityContext": security}]}


@pytest.mark.parametrize("kind", ["cronjob", "deployment"])
def test_objects_of_others_are_left_alone(confined: Confined, kind: str) -> None:
    theirs = cron_job("of-others") if kind == "cronjob" else deployment("of-others")
    confined.shop.apply(theirs)
    with pytest.raises(CommandError, match="but those of ScheduledTasks"):
        confined.change(theirs | {"metadata": {**theirs["metadata"], "labels": {"a": "b"}}})
    with pytest.raises(CommandError, match="but those of ScheduledTasks"):
        confined.steal("-n", "confined-shop", "delete", kind, "of-others", "--wait=false")
    assert confined.shop.find(kind, "of-others") is not None


PODS: dict[str, tuple[dict[str, Any], str]] = {
    "host network": ({"hostNetwork": True}, "no namespace of the host"),
    "host pid": ({"hostPID": True}, "no namespace of the host"),
    "host path": (
        {"volumes": [{"name": "root", "hostPath": {"path": "/"}}]},
        "no path of the host",
    ),
    "privileged": (main(privileged=True), "no privileged container"),
    "privileged helper": (
        {
            "initContainers": [
                {"name": "a", **main(privileged=True)["containers"][0]} | {"name": "a"}
            ]
        },
        "no privileged container",
    ),
    "capability": (main(capabilities={"add": ["SYS_ADMIN"]}), "adds no capability"),
    "account": ({"serviceAccountName": "cluster-admin"}, "no service account but those"),
    "account by its old name": ({"serviceAccount": "admin"}, "no service account but those"),
}


@pytest.mark.parametrize("kind", ["cronjob", "deployment"])
@pytest.mark.parametrize("name", PODS)
def test_no_pod_gets_a_privilege(confined: Confined, name: str, kind: str) -> None:
    pod, message = PODS[name]
    forged = (
        cron_job("forged", pod, ownerReferences=[OWNER])
        if kind == "cronjob"
        else deployment("jvscheduler-loop-forged", pod)
    )
    with pytest.raises(CommandError, match=message):
        confined.create(forged)


def test_a_status_makes_no_cron_job_its_own(confined: Confined) -> None:
    confined.shop.apply(cron_job("of-somebody"))
    owned = cron_job("of-somebody", ownerReferences=[OWNER])
    del owned["spec"]
    with pytest.raises(CommandError, match="but those of ScheduledTasks"):
        confined.change(owned, "--subresource=status")


ACCOUNT = {"kubernetes.io/service-account.name": "default"}
SECRETS = ("operator-secrets", "credentials-secrets")
WRITERS = {
    names.DATABASE_SECRET: THIEF,
    "jvscheduler-postgresql": HOOK,
    "jvscheduler-authority": HOOK,
    "jvscheduler-postgresql-tls": HOOK,
    "jvscheduler-api-tls": HOOK,
}


@pytest.mark.parametrize("name", WRITERS)
def test_an_account_gets_no_token_of_another_by_a_secret(confined: Confined, name: str) -> None:
    thief = WRITERS[name]
    for forged in (
        secret(name, "kubernetes.io/service-account-token", **ACCOUNT),
        secret(name, **ACCOUNT),
    ):
        with pytest.raises(CommandError, match="no token of a service account"):
            confined.create(forged, thief)
    with pytest.raises(CommandError, match="no Secrets but its own"):
        confined.create(secret("other"), thief)
    confined.change(secret(name), thief=thief)
    confined.change(secret(name, seen="again"), thief=thief)
    with pytest.raises(CommandError, match="no token of a service account"):
        confined.change(secret(name, **ACCOUNT), thief=thief)
    confined.shop.delete("secret", name)


def test_an_earlier_releases_pod_may_still_be_suspended(confined: Confined) -> None:
    confined.shop.apply_task("owner")
    uid = confined.shop.task("owner")["metadata"]["uid"]
    owners = [{**OWNER, "name": "owner", "uid": uid}]
    pod = {"hostNetwork": True}
    confined.shop.apply(cron_job("earlier", pod, ownerReferences=owners))
    patch = ("--type=merge", '--patch={"spec": {"suspend": true}}')
    confined.steal("-n", "confined-shop", "patch", "cronjob", "earlier", *patch)
    image = {"containers": [{"name": "main", "image": "evil:1"}]}
    with pytest.raises(CommandError, match="no namespace of the host"):
        confined.change(cron_job("earlier", pod | image, ownerReferences=owners))


def test_the_operator_does_all_its_work(confined: Confined, tmp_path: Path) -> None:
    shop = confined.shop
    kubeconfig = token_kubeconfig(shop.server, tmp_path, "jvscheduler-operator", RELEASE)
    with run_operator(kubeconfig, tmp_path):
        shop.apply_task("moved")
        shop.wait_until_ready("moved")
        shop.apply_task("moved", schedule="daily at 03:00", suspend=True)
        shop.wait_for("moved", "Suspended", "True", "SuspendedBySpec")
        shop.patch("cronjob", "moved", {"metadata": {"labels": {names.TASK_LABEL: None}}})
        eventually(
            lambda: names.TASK_LABEL in shop.cron_job("moved")["metadata"].get("labels", {}),
            "the label is back",
            60,
        )
        shop.apply_task("moved", schedule=OFTEN)
        first = shop.wait_until_looped("moved")
        eventually(lambda: shop.find("cronjob", "moved") is None, "the CronJob is gone", 90)
        shop.apply_task("moved", schedule=OFTEN, image="shop:2")
        eventually(lambda: shop.task("moved")["status"].get("loop") != first, "another loop", 90)
        shop.apply_task("moved")
        shop.wait_until_ready("moved")
        eventually(lambda: shop.find("deployment", first) is None, "the loop is gone", 60)


def test_the_policies_have_no_type_errors(confined: Confined) -> None:
    for name in ("operator-cronjobs", "operator-deployments", *SECRETS):
        path = "jsonpath={.status.typeChecking.expressionWarnings}"
        words = ("get", "validatingadmissionpolicy", f"jvscheduler-{name}", "-o", path)
        assert confined.shop.server.kubectl(*words) == ""
