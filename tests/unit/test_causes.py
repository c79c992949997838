"""The table of causes: each message is one that Kubernetes has written."""

from dataclasses import dataclass

import pytest

from jvscheduler.causes import TABLE, Cause, cause_of
from jvscheduler.outcomes import Reason


@dataclass(frozen=True)
class Case:
    reason: Reason
    cause: Cause
    message: str = ""


CREATE = 'Error creating: pods "restock-29540880-x7k2p" is forbidden: '
CASES = [
    Case(Reason.FAILED_CREATE, Cause.POLICY, f"{CREATE}exceeded quota: small, requested: pods=1"),
    Case(Reason.FAILED_CREATE, Cause.POLICY, f"{CREATE}failed quota: small: must specify cpu"),
    Case(Reason.FAILED_CREATE, Cause.POLICY, f'{CREATE}violates PodSecurity "restricted:latest"'),
    Case(Reason.FAILED_CREATE, Cause.POLICY, f"{CREATE}maximum memory usage per Container is 1Gi"),
    Case(
        Reason.FAILED_CREATE,
        Cause.TASK,
        f'{CREATE}error looking up service account shop/baker: serviceaccount "baker" not found',
    ),
    Case(Reason.FAILED_CREATE, Cause.TASK, f"{CREATE}no PriorityClass with name soon was found"),
    Case(
        Reason.FAILED_CREATE,
        Cause.TASK,
        f'{CREATE}pod rejected: RuntimeClass "kata" not found',
    ),
    Case(Reason.FAILED_CREATE, Cause.POLICY, 'admission webhook "x.y" denied the request: no'),
    Case(Reason.FAILED_CREATE, Cause.TASK, 'Pod "restock-x" is invalid: spec.containers[0].image'),
    Case(Reason.FAILED_CREATE, Cause.CLUSTER, 'failed calling webhook "x.y": connection refused'),
    Case(Reason.FAILED_CREATE, Cause.UNKNOWN, "something else"),
    Case(Reason.IMAGE_PULL_FAILED, Cause.TASK, 'failed to pull "shop:9": shop:9: not found'),
    Case(Reason.IMAGE_PULL_FAILED, Cause.TASK, "pull access denied, repository does not exist"),
    Case(Reason.IMAGE_PULL_FAILED, Cause.TASK, "InvalidImageName: couldn't parse image name"),
    Case(Reason.IMAGE_PULL_FAILED, Cause.CLUSTER, "dial tcp 10.0.0.1:443: i/o timeout"),
    Case(Reason.IMAGE_PULL_FAILED, Cause.CLUSTER, "lookup registry: no such host"),
    Case(Reason.IMAGE_PULL_FAILED, Cause.UNKNOWN, "Back-off pulling image"),
    Case(Reason.UNSCHEDULABLE, Cause.CLUSTER, "0/1 nodes are available: 1 Insufficient cpu."),
    Case(Reason.UNSCHEDULABLE, Cause.TASK, 'persistentvolumeclaim "cakes" not found'),
    Case(Reason.FAILED_MOUNT, Cause.TASK, 'MountVolume.SetUp failed: secret "key" not found'),
    Case(Reason.FAILED_MOUNT, Cause.CLUSTER, "timed out waiting for the condition"),
    Case(Reason.CREATE_CONTAINER_ERROR, Cause.TASK, 'configmap "prices" not found'),
    Case(Reason.CREATE_CONTAINER_ERROR, Cause.TASK, "couldn't find key PASSWORD in Secret shop/k"),
    Case(Reason.CREATE_CONTAINER_ERROR, Cause.UNKNOWN, "context deadline exceeded"),
    Case(Reason.CONTAINER_FAILED, Cause.CLUSTER, "the pod x has not started: OutOfcpu: full"),
    Case(Reason.CONTAINER_FAILED, Cause.TASK, "the pod x has not started: Error"),
    Case(Reason.CONTAINER_FAILED, Cause.UNKNOWN, "the pod x has not started: Preempting"),
    Case(Reason.EVICTED, Cause.CLUSTER),
    Case(Reason.OOM_KILLED, Cause.TASK),
    Case(Reason.DEADLINE_EXCEEDED, Cause.POLICY),
    Case(Reason.DEADLINE_MISSED, Cause.POLICY),
    Case(Reason.CONCURRENCY_LIMIT, Cause.POLICY),
    Case(Reason.REPLACED, Cause.POLICY),
    Case(Reason.CONTROLLER_DOWN, Cause.CLUSTER),
    Case(Reason.POD_DELETED, Cause.UNKNOWN, "the pod x was deleted before it started"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.reason}: {case.message[-40:]}")
def test_the_cause_follows_from_reason_and_evidence(case: Case) -> None:
    assert cause_of(case.reason, case.message) is case.cause


def test_each_row_decides_a_case() -> None:
    cases = {(case.reason, case.cause) for case in CASES}
    assert {(row.reason, row.cause) for row in TABLE} <= cases


def test_an_unknown_reason_has_an_unknown_cause() -> None:
    assert cause_of("ContainerCreating", "") is Cause.UNKNOWN
    assert cause_of(None, "") is Cause.UNKNOWN
