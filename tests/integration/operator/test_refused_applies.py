"""Whatever a real API server answers to an apply stands in the task's status, on both backends."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml

from tests.cluster.api_server import ApiServer
from tests.support.operator.objects import YEARLY
from tests.support.operator.shop import TASKS, Shop, open_shop
from tests.support.waiting import eventually

SCHEDULES = {"CronJob": YEARLY, "Loop": "every 7 seconds"}
KINDS = {"CronJob": ("batch", "cronjobs"), "Loop": ("apps", "deployments")}
ADMISSION = "admissionregistration.k8s.io/v1"
NO_SUCH_VOLUME = {"name": "nope", "mountPath": "/x"}
pytestmark = [pytest.mark.parametrize("backend", SCHEDULES), pytest.mark.usefixtures("operator")]


@pytest.fixture(scope="module")
def shop(api_server: ApiServer) -> Shop:
    return open_shop(api_server, "refused")


def template(team: str, **pod: Any) -> dict[str, Any]:
    """A template that no other test's tasks have."""
    return {"metadata": {"labels": {"team": team}}, "spec": pod}


def apply_task(shop: Shop, name: str, backend: str, **spec: Any) -> None:
    shop.apply_task(name, schedule=SCHEDULES[backend], backend=backend, **spec)


def wait_for_failure(shop: Shop, name: str, message: str) -> None:
    def has_failed() -> bool:
        assert shop.conditions(name)["Ready"] == ("False", "ApplyFailed")
        conditions = shop.task(name)["status"]["conditions"]
        (ready,) = (c for c in conditions if c["type"] == "Ready")
        return message in ready["message"]

    eventually(has_failed, f"{name} says {message!r}", timeout=60)
    eventually(lambda: "ApplyFailed" in shop.event_reasons(name), "the Event")


def wait_until_served(shop: Shop, name: str, backend: str) -> None:
    shop.wait_for(name, "Ready", "True", f"{backend}Ready")


@contextmanager
def in_force(shop: Shop, backend: str, *rules: dict[str, Any]) -> Iterator[None]:
    """The API server admits no further object of the backend's kind in this context."""
    text = yaml.safe_dump_all(rules)
    shop.server.kubectl("apply", "-f", "-", stdin=text)
    try:
        eventually(lambda: not admits_a_probe(shop, backend), "the rules are in force")
        yield
    finally:
        shop.server.kubectl("delete", "-f", "-", stdin=text)
    eventually(lambda: admits_a_probe(shop, backend), "the rules are gone")


@pytest.mark.parametrize(
    ("name", "pod", "message"),
    [
        # The operator's own check does not know this quantity.
        ("quantity", {"overhead": {"cpu": "lots"}}, "quantities must match the regular"),
        ("misfit", {"affinity": "never"}, "expected map, got &{never}"),
        (
            "invalid",
            {"containers": [{"name": "task", "volumeMounts": [NO_SUCH_VOLUME]}]},
            '.name: Not found: "nope"',
        ),
    ],
)
def test_a_template_that_the_api_server_refuses_is_reported(
    shop: Shop, backend: str, name: str, pod: dict[str, Any], message: str
) -> None:
    name = f"{name}-{backend.lower()}"
    apply_task(shop, name, backend, template=template(name, **pod))
    wait_for_failure(shop, name, message)
    apply_task(shop, name, backend, template=template(name))
    wait_until_served(shop, name, backend)


def test_an_edit_that_the_api_server_refuses_leaves_what_runs_as_it_is(
    shop: Shop, backend: str
) -> None:
    name = f"edited-{backend.lower()}"
    apply_task(shop, name, backend, template=template(name))
    wait_until_served(shop, name, backend)
    before, served = shop.find("cronjob", name), shop.task(name)["status"]
    bad = template(name, containers=[{"name": "task", "volumeMounts": [NO_SUCH_VOLUME]}])
    schedule = "hourly" if backend == "CronJob" else "every 11 seconds"
    shop.apply_task(name, schedule=schedule, backend=backend, template=bad)
    wait_for_failure(shop, name, "Not found")
    assert shop.find("cronjob", name) == before
    assert shop.task(name)["status"].get("loop") == served.get("loop")
    assert shop.task(name)["status"].get("lastScheduleTime") is None
    shop.apply_task(name, schedule=schedule, backend=backend, template=template(name))
    wait_until_served(shop, name, backend)


def test_a_webhook_that_does_not_answer_is_reported_until_it_does(shop: Shop, backend: str) -> None:
    name = f"unanswered-{backend.lower()}"
    with in_force(shop, backend, webhook(shop, backend)):
        apply_task(shop, name, backend, template=template(name))
        wait_for_failure(shop, name, "failed calling webhook")
        assert shop.conditions(name)["Accepted"] == ("True", "Accepted")
    wait_until_served(shop, name, backend)


@pytest.mark.parametrize("reason", ["Forbidden", "RequestEntityTooLarge"])
def test_a_policy_that_denies_is_reported(shop: Shop, backend: str, reason: str) -> None:
    name = f"{reason}-{backend}".lower()
    with in_force(shop, backend, *policy(shop, backend, reason)):
        apply_task(shop, name, backend, template=template(name))
        wait_for_failure(shop, name, "no such thing in this shop")
    shop.delete(TASKS, name)


def admits_a_probe(shop: Shop, backend: str) -> bool:
    create = {
        "CronJob": ("create", "cronjob", "probe", "--image=probe", f"--schedule={YEARLY}"),
        "Loop": ("create", "deployment", "probe", "--image=probe"),
    }
    arguments = (*create[backend], "-n", shop.namespace, "--dry-run=server")
    return shop.server.answers(*arguments)


def webhook(shop: Shop, backend: str) -> dict[str, Any]:
    group, resource = KINDS[backend]
    own = {"matchLabels": {"kubernetes.io/metadata.name": shop.namespace}}
    rule = {
        "apiGroups": [group],
        "apiVersions": ["v1"],
        "resources": [resource],
        "operations": ["CREATE", "UPDATE"],
    }
    return {
        "apiVersion": ADMISSION,
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": f"unanswered-{backend.lower()}"},
        "webhooks": [
            {
                "name": "unanswered.shop.test",
                "clientConfig": {"url": "https://127.0.0.1:1/"},
                "rules": [rule],
                "namespaceSelector": own,
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }
        ],
    }


def policy(shop: Shop, backend: str, reason: str) -> list[dict[str, Any]]:
    group, resource = KINDS[backend]
    name = f"{reason}-{backend}".lower()
    rule = {
        "apiGroups": [group],
        "apiVersions": ["v1"],
        "resources": [resource],
        "operations": ["CREATE", "UPDATE"],
    }
    own = {"matchLabels": {"kubernetes.io/metadata.name": shop.namespace}}
    denial = {"expression": "false", "message": "no such thing in this shop", "reason": reason}
    return [
        {
            "apiVersion": ADMISSION,
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": name},
            "spec": {
                "matchConstraints": {"resourceRules": [rule], "namespaceSelector": own},
                "validations": [denial],
            },
        },
        {
            "apiVersion": ADMISSION,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {"policyName": name, "validationActions": ["Deny"]},
        },
    ]
