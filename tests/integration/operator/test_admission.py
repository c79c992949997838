"""The custom resource's schema refuses bad specs at `kubectl apply`, without the operator."""

import json
from typing import Any

import pytest

from jvscheduler.manifests.resource import resource, to_yaml
from jvscheduler.manifests.spec import ScheduledTaskSpec
from jvscheduler_operator.pod_templates.tasks import pod_template
from tests.cluster.api_server import ApiServer
from tests.cluster.errors import CommandError
from tests.support.operator.shop import Shop, open_shop
from tests.support.pods import WHOLE, decorated

LABEL_OF_OURS = {"template": {"metadata": {"labels": {"jvscheduler.dev/task": "x"}}}}


def container(name: str, **fields: Any) -> dict[str, Any]:
    return {"template": {"spec": {"containers": [{"name": name, **fields}]}}}


@pytest.fixture(scope="module")
def shop(api_server: ApiServer) -> Shop:
    return open_shop(api_server, "admission")


@pytest.mark.parametrize(
    ("name", "spec", "message"),
    [
        ("schedule-a-word", {"schedule": "sometimes"}, "spec.schedule"),
        ("schedule-a-minute-too-much", {"schedule": "daily at 14:60"}, "spec.schedule"),
        ("schedule-four-fields", {"schedule": "* * * *"}, "spec.schedule"),
        ("schedule-h-fields", {"schedule": "H H * *"}, "expected five cron fields"),
        ("schedule-h-of-a-day", {"schedule": "H 3 H * *"}, "H is for the fields minute and hour"),
        ("schedule-h-out-of-range", {"schedule": "H(0-99) 3 * * *"}, "out of its range"),
        ("schedule-no-minutes", {"schedule": "every 0 to 5 minutes"}, "spec.schedule"),
        ("dst-unknown", {"dst": "twice"}, "spec.dst"),
        ("dst-of-an-interval", {"schedule": "every 7 minutes", "dst": "once"}, "leave dst out"),
        ("dst-of-seconds", {"schedule": "every 2 to 5 seconds", "dst": "once"}, "leave dst out"),
        ("backend-unknown", {"backend": "Deployment"}, "spec.backend"),
        (
            "cron-job-of-an-interval",
            {"schedule": "every 7 minutes", "backend": "CronJob"},
            "no CronJob is due at the instants of this schedule: leave backend out, or say Loop",
        ),
        ("cron-job-of-dst-once", {"dst": "once", "backend": "CronJob"}, "of dst 'once'"),
        (
            "cron-job-that-replaces",
            {"concurrencyPolicy": "Replace", "backend": "CronJob"},
            "for concurrencyPolicy Replace leave backend out",
        ),
        (
            "cron-job-that-retries-early",
            {"retryDelaySeconds": 5, "backoffLimit": 1, "backend": "CronJob"},
            "a Kubernetes Job waits at least 10 s before a retry",
        ),
        ("no-exception", {"noRetryOn": ["value-error"]}, "the dotted name of an exception"),
        ("policy-unknown", {"concurrencyPolicy": "Allow"}, "spec.concurrencyPolicy"),
        ("zone-unknown", {"timeZone": "Europe/Atlantis"}, "must be an IANA time zone"),
        ("zone-of-the-machine", {"timeZone": "Local"}, "not the local zone of a machine"),
        ("entrypoint-without-function", {"entrypoint": "shop.tasks"}, "spec.entrypoint"),
        ("task-id-with-a-space", {"taskID": "shop tasks"}, "spec.taskID"),
        ("concurrency-none", {"maxConcurrency": 0}, "spec.maxConcurrency"),
        ("unknown-field", {"retries": 3}, 'unknown field "spec.retries"'),
        ("no-image", {"image": None}, "spec.image"),
        ("image-in-capitals", {"image": "SHOP:::1"}, "an image such as registry.example/team"),
        ("label-of-ours", LABEL_OF_OURS, "keys that begin with jvscheduler.dev/ are the operator"),
        (
            "sidecar-image",
            container("side", image="SHOP:::1"),
            "spec.template.spec.containers[0].image: Invalid value: must be an image such as",
        ),
        (
            "args-of-the-runner",
            container("task", args=["--fast"]),
            "the runner takes none; say them with a command of your own",
        ),
        (
            "command-of-the-worker",
            {"schedule": "every 7 seconds", **container("task", command=["sh"])},
            "the worker of the loop that serves this task is started in its place",
        ),
        (
            "message-policy",
            container("task", terminationMessagePolicy="File"),
            "the runner reports its outcome there",
        ),
        (
            "account",
            {"template": {"spec": {"serviceAccountName": "a/../b"}}},
            "must be the name of a ServiceAccount, such as shop-reader",
        ),
        ("x" * 53, {}, "metadata.name must have at most 52 characters"),
    ],
)
def test_a_bad_spec_is_refused(shop: Shop, name: str, spec: dict[str, Any], message: str) -> None:
    with pytest.raises(CommandError) as refused:
        shop.apply_task(name, **spec)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("dst-once", {"schedule": "daily at 02:30", "dst": "once"}),
        ("dst-once-of-an-hour", {"schedule": "every 2 hours", "dst": "once"}),
        ("dst-cron-of-an-interval", {"schedule": "every 7 minutes", "dst": "cron"}),
        ("random", {"schedule": "every 5 to 10 minutes"}),
        ("replacing", {"concurrencyPolicy": "Replace"}),
        ("cron-job-asked-for", {"backend": "CronJob", "concurrencyPolicy": "Forbid"}),
        ("loop-asked-for", {"backend": "Loop", "concurrencyPolicy": "Replace"}),
        ("seconds", {"schedule": "Every 30  Seconds"}),
        ("times", {"schedule": "every weekday at 08:15, 12:00 and 17:00"}),
        ("minutes", {"schedule": "hourly at :15 and :45"}),
        ("spread", {"schedule": "H/15,50 h(9-16) * * mon-fri", "backend": "CronJob"}),
        ("weeks", {"schedule": "every 2 weeks"}),
        ("command-of-the-runner", container("task", command=["tini"], args=["-s"])),
        ("worker-without-a-loop", container("worker", image="other:1")),
        ("database", container("task", env=[{"name": "JVSCHEDULER_DATABASE_URL", "value": "x"}])),
        ("fractions", container("task", resources={"limits": {"cpu": 0.5}})),
        ("fields-of-later-versions", {"template": {"spec": {"newField": {"deep": [1, "a"]}}}}),
    ],
)
def test_a_good_spec_is_admitted(shop: Shop, name: str, spec: dict[str, Any]) -> None:
    shop.apply_task(name, **spec)
    taken = shop.task(name)["spec"]
    expected = {"dst": "cron", **spec}
    assert {field: taken[field] for field in expected} == expected


def test_empty_fields_of_a_template_are_admitted(shop: Shop) -> None:
    fields = dict.fromkeys(("image", "command", "args", "env", "resources"))
    spec = {
        **container("task", **fields)["template"]["spec"],
        **dict.fromkeys(("restartPolicy", "initContainers", "serviceAccountName")),
    }
    shop.apply_task("empty-fields", template={"spec": spec})


def test_a_pod_that_the_decorator_makes_is_admitted(shop: Shop) -> None:
    task = decorated("daily", pod=WHOLE, template={"metadata": {"annotations": {"a": "b"}}})
    made = {**resource(task, "shop:1", None), "metadata": {"name": "whole"}}
    shop.server.kubectl("apply", "-n", shop.namespace, "-f", "-", stdin=to_yaml([made]))
    spec = shop.task("whole")["spec"]
    assert spec["template"] == task.template
    made_pod = pod_template("whole", ScheduledTaskSpec.model_validate(spec))
    pod = {"apiVersion": "v1", "kind": "Pod", **made_pod}
    pod["metadata"] = {**pod["metadata"], "name": "whole"}
    shop.server.kubectl("create", "serviceaccount", "shop-reader", "-n", shop.namespace)
    create = ("create", "--dry-run=server", "--validate=strict", "-n", shop.namespace, "-f", "-")
    shop.server.kubectl(*create, stdin=json.dumps(pod))


def test_the_task_id_cannot_be_changed(shop: Shop) -> None:
    shop.apply_task("renamed")
    with pytest.raises(CommandError, match="taskID is immutable"):
        shop.apply_task("renamed", taskID="shop.tasks.other")
