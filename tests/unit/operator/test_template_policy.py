"""What the installation's policy forbids in a template, on either backend."""

import random
from typing import Any

import pytest

from jvscheduler_operator.acceptance import Refused, accept
from jvscheduler_operator.objects.reasons import Reason
from jvscheduler_operator.template_policy.parts import Pod
from jvscheduler_operator.template_policy.policy import Level, TemplatePolicy
from tests.support.operator.objects import stored_task
from tests.support.operator.template_forms import Template
from tests.support.operator.templates import ALL

BACKENDS = ["CronJob", "Loop"]
ANY = TemplatePolicy(Level.ANY)


def verdict(template: dict[str, Any], backend: str, policy: TemplatePolicy) -> str | None:
    """The message that refuses the template; None when it is accepted."""
    try:
        accept(stored_task(backend=backend, template=template), policy)
    except Refused as refused:
        return str(refused) if refused.reason == Reason.TEMPLATE_FORBIDDEN else "another reason"
    return None


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("level", [Level.RESTRICTED, Level.BASELINE])
@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_each_template_is_forbidden_by_its_level(
    case: Template, level: Level, backend: str
) -> None:
    if (case.name, backend) == ("shared processes", "Loop"):
        return  # it has a test of its own
    message = verdict(case.template, backend, TemplatePolicy(level))
    assert (message is not None) == case.is_forbidden_by(level)
    if message is not None:
        assert case.field in message
        assert message.endswith(f"The installation's policy.podTemplates is {level}")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_any_template_is_accepted_where_the_policy_says_so(case: Template, backend: str) -> None:
    if (case.name, backend) != ("shared processes", "Loop"):
        assert verdict(case.template, backend, ANY) is None


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("kind", ["containers", "initContainers"])
@pytest.mark.parametrize("volume", ["jvscheduler-token", "jvscheduler-spool", "jvscheduler-tmp"])
def test_nobody_but_the_loop_mounts_its_volumes(level: Level, kind: str, volume: str) -> None:
    mounts = [{"name": volume, "mountPath": "/stolen"}]
    other = {"name": "side", "image": "side:1", "volumeMounts": mounts}
    message = verdict({"spec": {kind: [other]}}, "Loop", TemplatePolicy(level))
    assert message is not None
    assert f"{kind}[side].volumeMounts[{volume}]: the volume '{volume}'" in message


@pytest.mark.parametrize("level", Level)
def test_the_worker_does_not_mount_the_loops_token(level: Level) -> None:
    mounts = [{"name": "jvscheduler-token", "mountPath": "/stolen"}]
    template = {"spec": {"containers": [{"name": "task", "volumeMounts": mounts}]}}
    assert verdict(template, "Loop", TemplatePolicy(level)) is not None


@pytest.mark.parametrize("level", Level)
def test_the_processes_of_a_loop_are_not_seen_by_others(level: Level) -> None:
    template = {"spec": {"shareProcessNamespace": True}}
    message = verdict(template, "Loop", TemplatePolicy(level))
    assert message is not None
    assert "spec.shareProcessNamespace: is forbidden in the pod of a loop" in message


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("allowed", "is_accepted"),
    [
        (["builder"], True),
        (["shop/builder"], True),
        (["other/builder"], False),
        (["build"], False),
        ([], False),
    ],
)
def test_an_account_is_allowed_everywhere_or_in_one_namespace(
    allowed: list[str], is_accepted: bool, backend: str
) -> None:
    policy = TemplatePolicy(allowed_service_accounts=frozenset(allowed))
    message = verdict({"spec": {"serviceAccountName": "builder"}}, backend, policy)
    assert (message is None) == is_accepted


def test_a_task_with_a_cron_job_may_not_run_as_the_loops_account() -> None:
    template = {"spec": {"serviceAccountName": "jvscheduler-loop"}}
    assert verdict(template, "CronJob", TemplatePolicy()) is not None


def test_several_violations_are_named_at_once() -> None:
    template = {"spec": {"hostNetwork": True, "hostPID": True, "nodeName": "n1"}}
    message = verdict(template, "CronJob", TemplatePolicy())
    assert message is not None
    for field in ("hostNetwork", "hostPID", "nodeName"):
        assert f"spec.template.spec.{field}: " in message


def test_a_message_repeats_little_of_what_a_template_says() -> None:
    long = "x" * 100_000
    pod: dict[str, Any] = {"serviceAccountName": long, "priorityClassName": f"system-{long}"}
    pod["containers"] = [{"name": long, "securityContext": {"capabilities": {"add": [long] * 99}}}]
    found = TemplatePolicy().violations(Pod.of_cron_job({"spec": pod}, "shop"))
    assert max(len(str(violation)) for violation in found) < 400


def test_a_certificate_of_the_pod_is_a_credential_too() -> None:
    source = {"podCertificate": {"signerName": "kubernetes.io/kube-apiserver-client-pod"}}
    volumes = [{"name": "data", "projected": {"sources": [source]}}]
    message = verdict({"spec": {"volumes": volumes}}, "CronJob", TemplatePolicy())
    assert message is not None
    assert "sources[0].podCertificate" in message


def test_an_ephemeral_container_is_held_to_the_rules_too() -> None:
    debug = {"name": "debug", "image": "debug:1", "securityContext": {"privileged": True}}
    template = {"spec": {"ephemeralContainers": [debug]}}
    message = verdict(template, "CronJob", TemplatePolicy(Level.BASELINE))
    assert message is not None
    assert "ephemeralContainers[debug].securityContext.privileged" in message


FIELDS = [
    "annotations",
    "containers",
    "initContainers",
    "ephemeralContainers",
    "volumes",
    "name",
    "securityContext",
    "capabilities",
    "add",
    "drop",
    "windowsOptions",
    "hostProcess",
    "seLinuxOptions",
    "type",
    "user",
    "appArmorProfile",
    "seccompProfile",
    "procMount",
    "sysctls",
    "ports",
    "hostPort",
    "livenessProbe",
    "httpGet",
    "host",
    "lifecycle",
    "preStop",
    "projected",
    "sources",
    "serviceAccountToken",
    "volumeMounts",
    "runAsUser",
    "runAsNonRoot",
    "os",
    "serviceAccountName",
    "serviceAccount",
    "priorityClassName",
    "nodeName",
    "hostNetwork",
]
SCALARS = [None, True, False, 0, 1, -1, 0.5, "", "x", "ALL", "windows", "Unconfined"]


def anything(draw: random.Random, depth: int) -> Any:
    kind = draw.choice(["scalar", "list", "object"]) if depth else "scalar"
    if kind == "scalar":
        return draw.choice(SCALARS)
    items = [anything(draw, depth - 1) for _ in range(draw.randrange(4))]
    return items if kind == "list" else {draw.choice(FIELDS): item for item in items}


@pytest.mark.parametrize("level", [Level.RESTRICTED, Level.BASELINE])
def test_the_rules_take_any_json(level: Level) -> None:
    draw = random.Random(7)
    found = 0
    for _ in range(3_000):
        pod = {field: anything(draw, 5) for field in draw.sample(FIELDS, 8)}
        template = {"spec": pod, "metadata": {"annotations": {}}}
        for violation in TemplatePolicy(level).violations(Pod.of_cron_job(template, "shop")):
            assert violation.field.startswith("spec.template.")
            found += 1
    assert found > 0
