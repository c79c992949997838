"""Who creates a ScheduledTask must be allowed to create pods: the chart's admission policy."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from jvscheduler import names
from tests.cluster.api_server import ApiServer
from tests.cluster.errors import CommandError
from tests.support.operator.custom_resource import install_crd
from tests.support.operator.objects import task
from tests.support.waiting import eventually

CHART = Path(__file__).parents[3] / "charts" / "jvscheduler"
TASKS = f"{names.PLURAL}.{names.GROUP}"
REFUSAL = "must be allowed to create pods in its namespace"
WRITER, AUTHOR = "writer", "author"
"""Both may write ScheduledTasks. Only the author may create pods."""


@dataclass(frozen=True)
class Namespace:
    server: ApiServer
    name: str

    def kubectl(self, *arguments: str, user: str, stdin: str | None = None) -> str:
        return self.server.kubectl("-n", self.name, f"--as={user}", *arguments, stdin=stdin)

    def apply(self, name: str, user: str, **spec: Any) -> None:
        manifest = yaml.safe_dump(task(name, self.name, **spec))
        self.kubectl("apply", "-f", "-", user=user, stdin=manifest)

    def patch(self, name: str, user: str, patch: dict[str, Any], *flags: str) -> None:
        text = json.dumps(patch)
        self.kubectl("patch", TASKS, name, "--type=merge", f"-p={text}", *flags, user=user)

    def spec(self, name: str) -> dict[str, Any]:
        text = self.kubectl("get", TASKS, name, "-o", "json", user=AUTHOR)
        spec: dict[str, Any] = json.loads(text)["spec"]
        return spec


def policy(server: ApiServer) -> str:
    """The policy and its binding, as the chart makes them for this API server."""
    rendered = server.helm(
        *("template", "jvscheduler", str(CHART), "-n", "jvscheduler"),
        *("--show-only", "templates/policy/authors.yaml"),
    )
    assert [m["kind"] for m in yaml.safe_load_all(rendered)] == [
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    ]
    return rendered


def open_namespace(server: ApiServer, name: str) -> Namespace:
    server.kubectl("create", "namespace", name)
    server.kubectl(
        *("-n", name, "create", "role", "tasks", f"--resource={TASKS}"),
        "--verb=get,list,create,update,patch,delete",
    )
    server.kubectl("-n", name, "create", "role", "pods", "--resource=pods", "--verb=create")
    for role, users in (("tasks", (WRITER, AUTHOR)), ("pods", (AUTHOR,))):
        chosen = [f"--user={user}" for user in users]
        server.kubectl("-n", name, "create", "rolebinding", role, f"--role={role}", *chosen)
    return Namespace(server, name)


@pytest.fixture(scope="module")
def namespace(api_server: ApiServer) -> Iterator[Namespace]:
    install_crd(api_server)
    manifests = policy(api_server)
    api_server.kubectl("apply", "-f", "-", stdin=manifests)
    opened = open_namespace(api_server, "authors")
    # The API server reads a new policy some moments after it was created.
    eventually(lambda: is_refused(opened, "probe", WRITER), "the policy is in force")
    yield opened
    api_server.kubectl("delete", "-f", "-", stdin=manifests)


def is_refused(namespace: Namespace, name: str, user: str, **spec: Any) -> bool:
    try:
        namespace.apply(name, user, **spec)
    except CommandError as error:
        return REFUSAL in str(error)
    return False


def test_who_may_not_create_pods_creates_no_task(namespace: Namespace) -> None:
    with pytest.raises(CommandError, match=f"Forbidden.*{REFUSAL}|{REFUSAL}"):
        namespace.apply("bold", WRITER)


def test_who_may_create_pods_creates_and_changes_a_task(namespace: Namespace) -> None:
    namespace.apply("written", AUTHOR)
    namespace.apply("written", AUTHOR, image="shop:2")
    assert namespace.spec("written")["image"] == "shop:2"


@pytest.mark.parametrize(
    "change",
    [
        {"image": "evil:1"},
        {"schedule": "every minute"},
        {"entrypoint": "os:abort"},
        {"template": {"spec": {"containers": [{"name": "task", "env": []}]}}},
        {"suspend": True, "image": "evil:1"},
        {"maxConcurrency": 9},
    ],
    ids="+".join,
)
def test_who_may_not_create_pods_changes_nothing_that_runs(
    namespace: Namespace, change: dict[str, Any]
) -> None:
    namespace.apply("changed", AUTHOR)
    with pytest.raises(CommandError, match=REFUSAL):
        namespace.patch("changed", WRITER, {"spec": change})


def test_a_field_that_is_removed_is_a_change(namespace: Namespace) -> None:
    namespace.apply("removed", AUTHOR, template={"spec": {"nodeSelector": {"disk": "ssd"}}})
    with pytest.raises(CommandError, match=REFUSAL):
        namespace.patch("removed", WRITER, {"spec": {"template": None}})


@pytest.mark.parametrize("before", [{}, {"suspend": False}, {"suspend": True}])
def test_a_suspension_and_a_resumption_pass(namespace: Namespace, before: dict[str, Any]) -> None:
    namespace.apply("suspended", AUTHOR, **before)
    namespace.patch("suspended", WRITER, {"spec": {"suspend": True}})
    assert namespace.spec("suspended")["suspend"] is True
    namespace.patch("suspended", WRITER, {"spec": {"suspend": False}})
    assert namespace.spec("suspended")["suspend"] is False


def test_metadata_alone_passes(namespace: Namespace) -> None:
    namespace.apply("marked", AUTHOR)
    namespace.patch("marked", WRITER, {"metadata": {"labels": {"team": "a"}}})
    namespace.patch("marked", WRITER, {"metadata": {"finalizers": ["shop.test/hold"]}})
    namespace.kubectl("delete", TASKS, "marked", "--wait=false", user=WRITER)
    namespace.patch("marked", WRITER, {"metadata": {"finalizers": None}})
    gone = ("-n", namespace.name, "get", TASKS, "marked")
    eventually(lambda: not namespace.server.answers(*gone), "the task is gone")


def test_a_large_template_is_compared_within_the_budget(namespace: Namespace) -> None:
    env = [{"name": f"V{number}", "value": "x" * 200} for number in range(1_000)]
    template = {"spec": {"containers": [{"name": "task", "env": env}]}}
    manifest = yaml.safe_dump(task("large", namespace.name, template=template))
    # Not by `apply`, whose annotation would be too long.
    namespace.kubectl("create", "-f", "-", user=AUTHOR, stdin=manifest)
    namespace.patch("large", WRITER, {"spec": {"suspend": True}})
    with pytest.raises(CommandError, match=REFUSAL):
        namespace.patch("large", WRITER, {"spec": {"image": "evil:1"}})


def test_the_status_is_not_the_policys(namespace: Namespace) -> None:
    namespace.apply("reported", AUTHOR)
    role = f"--resource={TASKS}/status"
    namespace.server.kubectl(
        "-n", namespace.name, "create", "role", "status", role, "--verb=get,update,patch"
    )
    namespace.server.kubectl(
        *("-n", namespace.name, "create", "rolebinding", "status", "--role=status"),
        f"--user={WRITER}",
    )
    namespace.patch("reported", WRITER, {"status": {"active": 1}}, "--subresource=status")


def test_a_namespace_with_tasks_is_deleted(namespace: Namespace) -> None:
    doomed = open_namespace(namespace.server, "authors-doomed")
    doomed.apply("left", AUTHOR)
    namespace.server.kubectl("delete", "namespace", doomed.name, "--timeout=120s")
    assert not namespace.server.answers("get", "namespace", doomed.name)


def test_a_task_that_goes_with_its_owner_is_collected(namespace: Namespace) -> None:
    create = ("create", "configmap", "owner", "-o", "jsonpath={.metadata.uid}")
    uid = namespace.server.kubectl("-n", namespace.name, *create)
    namespace.apply("owned", AUTHOR)
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}
    namespace.patch("owned", WRITER, {"metadata": {"ownerReferences": [owner]}})
    namespace.server.kubectl("-n", namespace.name, "delete", "configmap", "owner")
    gone = ("-n", namespace.name, "get", TASKS, "owned")
    eventually(lambda: not namespace.server.answers(*gone), "garbage collection deletes the task")


def test_the_policy_has_no_type_errors(namespace: Namespace) -> None:
    def checked() -> dict[str, Any] | None:
        found = namespace.server.kubectl(
            *("get", "validatingadmissionpolicy", "jvscheduler-task-authors"),
            *("-o", "jsonpath={.status}"),
        )
        status: dict[str, Any] = json.loads(found or "{}")
        return status if "typeChecking" in status else None

    assert eventually(checked, "the policy is checked")["typeChecking"] == {}
