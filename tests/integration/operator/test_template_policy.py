"""Our verdict about a template is that of Kubernetes' own Pod Security admission."""

import json
from functools import partial
from typing import Any

import pytest

from jvscheduler_operator.acceptance import Refused, accept, spec_of
from jvscheduler_operator.objects.reasons import Reason
from jvscheduler_operator.pod_templates.tasks import pod_template
from jvscheduler_operator.template_policy.policy import Level, TemplatePolicy
from tests.cluster.api_server import ApiServer
from tests.cluster.errors import CommandError
from tests.support.operator.objects import stored_task
from tests.support.operator.template_forms import Template
from tests.support.operator.templates import ALL
from tests.support.waiting import eventually

LEVELS = (Level.RESTRICTED, Level.BASELINE)


def namespace_of(level: Level) -> str:
    return f"pods-{level}"


@pytest.fixture(scope="module")
def server(api_server: ApiServer) -> ApiServer:
    """With a namespace for each level, in which Kubernetes enforces it."""
    for level in LEVELS:
        name = namespace_of(level)
        api_server.kubectl("create", "namespace", name)
        label = f"pod-security.kubernetes.io/enforce={level}"
        api_server.kubectl("label", "namespace", name, label)
        api_server.kubectl("-n", name, "create", "serviceaccount", "builder")
        account = ("-n", name, "get", "serviceaccount", "default")
        eventually(partial(api_server.answers, *account), "the default service account exists")
    return api_server


def pod(case: Template, namespace: str) -> dict[str, Any]:
    """The pod that a CronJob of the task makes."""
    template = pod_template("restock", spec_of(stored_task(template=case.template)))
    metadata = {**template["metadata"], "name": "restock", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def is_forbidden_by_kubernetes(server: ApiServer, case: Template, level: Level) -> bool:
    manifest = json.dumps(pod(case, namespace_of(level)))
    try:
        server.kubectl("create", "--dry-run=server", "-f", "-", stdin=manifest)
    except CommandError as error:
        assert "violates PodSecurity" in str(error)  # noqa: PT017 - any other is a fault of the table
        return True
    return False


def is_forbidden_by_us(case: Template, level: Level) -> bool:
    try:
        accept(stored_task(template=case.template), TemplatePolicy(level))
    except Refused as refused:
        return refused.reason == Reason.TEMPLATE_FORBIDDEN
    return False


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_our_verdict_is_that_of_kubernetes_where_we_do_not_say_more(
    case: Template, level: Level, server: ApiServer
) -> None:
    theirs = is_forbidden_by_kubernetes(server, case, level)
    assert theirs == case.is_forbidden_by_kubernetes(level)
    ours = is_forbidden_by_us(case, level)
    assert ours == (theirs if case.kubernetes is None else case.is_forbidden_by(level))


def test_the_table_has_both_verdicts_often_enough() -> None:
    assert len(ALL) >= 60
    for level in LEVELS:
        forbidden = sum(case.is_forbidden_by(level) for case in ALL)
        assert 20 <= forbidden <= len(ALL) - 20
