"""Each document of `invalid-tasks.yaml` is refused, with the field and what to write instead.

The API server refuses it at `kubectl apply` where a rule of the schema can say it.
Otherwise the operator says so in a condition, as an Event too. None is silent.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.api_server import ApiServer
from tests.cluster.errors import CommandError
from tests.support.operator.shop import TASKS, Shop, open_shop
from tests.support.waiting import eventually

DOCUMENTS = {
    document["metadata"]["name"]: document
    for document in yaml.safe_load_all(
        (Path(__file__).parents[2] / "cases" / "invalid-tasks.yaml").read_text(encoding="utf-8")
    )
}

AT_APPLY = {
    "i01empty-sched": ("spec.schedule", "must be a phrase such as 'every 5 minutes'"),
    "i02six-fields": ("spec.schedule", "expected five cron fields"),
    "i04at-every": ("spec.schedule", "write an interval in words, such as 'every 5 minutes'"),
    "i05sunday7": ("spec.schedule", "day of week: expected 0-6 or sun-sat; Sunday is 0"),
    "i08min60": ("spec.schedule", "out of its range: minute 0-59"),
    "i09step0": ("spec.schedule", "a step 1 or more"),
    "i10tz-in": ("spec.schedule", "the time zone has a field of its own: set timeZone"),
    "i11badtz": ("spec.timeZone", "must be an IANA time zone such as UTC or Europe/Berlin"),
    "i13tz-cet-offset": ("spec.timeZone", "no offset such as +02:00"),
    "i17cj-seconds": ("spec", "leave backend out, or say Loop"),
    "i18cj-replace": ("spec", "for concurrencyPolicy Replace leave backend out, or say Loop"),
    "i19dst-interval": ("spec", "leave dst out"),
    "i20backend-typo": ("spec.backend", 'supported values: "CronJob", "Loop"'),
    "i22entry-dash": ("spec.entrypoint", "such as shop.tasks:restock"),
    "i23image-space": ("spec.image", "an image such as registry.example/team/shop:1.2"),
    "i25conc0": ("spec.maxConcurrency", "greater than or equal to 1"),
    "i26conc-str": ("spec.maxConcurrency", "must be of type integer"),
    "i27backoff-neg": ("spec.backoffLimit", "greater than or equal to 0"),
    "i28deadline0": ("spec.activeDeadlineSeconds", "greater than or equal to 1"),
    "i29sds5": ("spec.startingDeadlineSeconds", "greater than or equal to 10"),
    "i30unknown-field": ("spec.retries", "unknown field"),
    "i31noimage": ("spec.image", "Required value"),
    "a" * 53: ("metadata.name", "at most 52 characters"),
    "i34tpl-restart": ("spec.template.spec.restartPolicy", "set spec.backoffLimit"),
    "i35tpl-image": ("spec.template.spec.containers[0].image", "set spec.image"),
    "i40tpl-envdup-ours": ("spec.template.spec.containers[0].env", "leave them out"),
    "i41tpl-container-worker": ("spec.template.spec.containers", "give yours another name"),
    "i43tpl-containers-map": ("spec.template.spec.containers", "unknown field"),
    "i47taskid-space": ("spec.taskID", "such as shop.tasks.restock"),
    "i51cont-two-task": ("spec.template.spec.containers", "give each a name of its own"),
    "i53tpl-sidecar-noimage": (
        "spec.template.spec.containers[1].image",
        "required for every container but 'task'",
    ),
    "i54hist-neg": ("spec.successfulJobsHistoryLimit", "greater than or equal to 0"),
    "i55tpl-env-number": (
        "spec.template.spec.containers[0].env[0].value",
        "must be of type string",
    ),
}
"""The field that the refusal names, and how to mend it."""

IN_A_CONDITION = {
    "i06feb31": ("Accepted", "InvalidSchedule", "spec.schedule", "expected a day up to 29"),
    "i14rand-backwards": (
        "Accepted",
        "InvalidSchedule",
        "spec.schedule",
        "nearest form: 'every 5 to 10 minutes'",
    ),
    "i15huge-interval": (
        "Accepted",
        "InvalidSchedule",
        "spec.schedule",
        "expected a number from 1 to 315360000",
    ),
    "i36tpl-typo": (
        "Ready",
        "ApplyFailed",
        "spec.template.spec.nodeSelectr",
        "field not declared in schema",
    ),
    "i37tpl-badres": (
        "Accepted",
        "InvalidTemplate",
        "spec.template.spec.containers[task].resources.limits.memory",
        "a quantity, such as 500m, 2 or 512Mi",
    ),
    "i39tpl-missing-vol": (
        "Ready",
        "ApplyFailed",
        # Behind the mounts of ours: the folder for files, and the authority of the database.
        "spec.template.spec.containers[0].volumeMounts[2].name",
        'Not found: "nope"',
    ),
    "i45tpl-badlabel": (
        "Ready",
        "ApplyFailed",
        "spec.template.labels",
        "must consist of alphanumeric characters",
    ),
    "i49taskid-dup2": ("Accepted", "Conflict", "spec.taskID", "'i48taskid-dup1'"),
}
"""Condition, reason, field and remedy."""

VALID = {"i48taskid-dup1"}
"""The older one of two tasks with one id."""

pytestmark = pytest.mark.usefixtures("operator")


@pytest.fixture(scope="module")
def shop(api_server: ApiServer) -> Shop:
    return open_shop(api_server, "invalid")


def document(shop: Shop, name: str) -> dict[str, Any]:
    found = DOCUMENTS[name]
    return {**found, "metadata": {**found["metadata"], "namespace": shop.namespace}}


def test_every_document_has_its_expectation() -> None:
    assert DOCUMENTS.keys() == AT_APPLY.keys() | IN_A_CONDITION.keys() | VALID


@pytest.mark.parametrize("name", AT_APPLY)
def test_a_document_is_refused_when_it_is_applied(shop: Shop, name: str) -> None:
    field, remedy = AT_APPLY[name]
    with pytest.raises(CommandError) as refused:
        shop.apply(document(shop, name))
    assert field in str(refused.value)
    assert remedy in str(refused.value)
    assert shop.find(TASKS, name) is None


@pytest.mark.parametrize("name", IN_A_CONDITION)
def test_a_document_is_refused_in_a_condition(shop: Shop, name: str) -> None:
    if name == "i49taskid-dup2":
        shop.apply(document(shop, "i48taskid-dup1"))
        shop.wait_until_ready("i48taskid-dup1")
    kind, reason, field, remedy = IN_A_CONDITION[name]
    shop.apply(document(shop, name))
    found = shop.wait_for(name, kind, "False", reason)
    (condition,) = (c for c in found["status"]["conditions"] if c["type"] == kind)
    assert field in condition["message"]
    assert remedy in condition["message"]
    assert shop.find("cronjob", name) is None
    eventually(lambda: reason in shop.event_reasons(name), "the Event")
