"""Whose doing it is that a job did not complete. Pure.

The table is asked from the top. The first row of the reason whose evidence is in the message
decides. A row without evidence decides for every message. Where no row decides, the cause is
`unknown`: it is never guessed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from jvscheduler.outcomes import Reason


class Cause(StrEnum):
    TASK = "task"
    """Its code, its template, its image or a Secret that does not exist."""
    CLUSTER = "cluster"
    """No node had room, a node was lost, or a part of Kubernetes was away."""
    SCHEDULER = "scheduler"
    """A part of jvscheduler."""
    POLICY = "policy"
    """A rule that somebody set: a quota, a limit, a deadline, a suspension."""
    UNKNOWN = "unknown"
    """The evidence does not say."""


@dataclass(frozen=True)
class Row:
    reason: Reason
    cause: Cause
    evidence: str = ""
    """A regular expression that is searched in the message, whatever its case."""


TABLE: Final[Sequence[Row]] = (
    Row(Reason.FAILED_CREATE, Cause.TASK, r'serviceaccount "[^"]*" not found'),
    Row(Reason.FAILED_CREATE, Cause.TASK, r"no PriorityClass with name .* was found"),
    Row(Reason.FAILED_CREATE, Cause.TASK, r'RuntimeClass "[^"]*" not found'),
    Row(Reason.FAILED_CREATE, Cause.POLICY, r"is forbidden: "),
    Row(Reason.FAILED_CREATE, Cause.POLICY, r"admission webhook .* denied the request"),
    Row(Reason.FAILED_CREATE, Cause.TASK, r" is invalid: "),
    Row(Reason.FAILED_CREATE, Cause.CLUSTER, r"failed calling webhook|timed? ?out|unavailable"),
    Row(Reason.IMAGE_PULL_FAILED, Cause.TASK, r"InvalidImageName|ErrImageNeverPull"),
    Row(Reason.IMAGE_PULL_FAILED, Cause.TASK, r"not found|manifest unknown|does not exist"),
    Row(Reason.IMAGE_PULL_FAILED, Cause.TASK, r"unauthorized|authentication required|denied"),
    Row(Reason.IMAGE_PULL_FAILED, Cause.CLUSTER, r"no such host|timeout|connection re|no space"),
    Row(Reason.UNSCHEDULABLE, Cause.TASK, r'persistentvolumeclaim "[^"]*" not found'),
    Row(Reason.UNSCHEDULABLE, Cause.CLUSTER),
    Row(Reason.FAILED_MOUNT, Cause.TASK, r'(secret|configmap) "[^"]*" not found'),
    Row(Reason.FAILED_MOUNT, Cause.TASK, r"references non-existent"),
    Row(Reason.FAILED_MOUNT, Cause.CLUSTER),
    Row(Reason.CREATE_CONTAINER_ERROR, Cause.TASK, r"not found|couldn't find key|runAsNonRoot"),
    Row(Reason.EVICTED, Cause.CLUSTER),
    Row(Reason.CONTAINER_FAILED, Cause.CLUSTER, r": (OutOf\w+|NodeAffinity|NodeShutdown)"),
    Row(Reason.CONTAINER_FAILED, Cause.TASK, r": Error\b"),
    Row(Reason.OOM_KILLED, Cause.TASK),
    Row(Reason.DEADLINE_EXCEEDED, Cause.POLICY),
    Row(Reason.DEADLINE_MISSED, Cause.POLICY),
    Row(Reason.CONCURRENCY_LIMIT, Cause.POLICY),
    Row(Reason.REPLACED, Cause.POLICY),
    Row(Reason.CONTROLLER_DOWN, Cause.CLUSTER),
)


RULED: Final = frozenset({Reason.CONCURRENCY_LIMIT, Reason.REPLACED})
"""The reasons of jobs that the task's own concurrency policy kept from running, or ended."""


def cause_of_rule(reason: str | None) -> str | None:
    """`policy` for a job that its task's concurrency policy decided about, whoever records it."""
    return Cause.POLICY.value if reason in RULED else None


def cause_of(reason: str | None, message: str) -> Cause:
    """The cause of a job's end, by its reason and by the evidence in its message."""
    rows = (row for row in TABLE if row.reason == reason)
    found = (row.cause for row in rows if re.search(row.evidence, message, re.IGNORECASE))
    return next(found, Cause.UNKNOWN)
