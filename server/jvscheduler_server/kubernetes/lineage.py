"""Whose a pod, a Job or a CronJob is, by its controllers: Pod → Job → CronJob → ScheduledTask.

Labels and annotations are words. Whoever may create pods in a namespace writes them.
Each object names its controller by uid; here the words are compared with the objects that have
these uids. What was seen is remembered: a controller may be deleted before what it controls.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from jvscheduler import names
from jvscheduler_server.cluster.objects import (
    Controller,
    JobIdentity,
    KubernetesJob,
    TaskCronJob,
    TaskPod,
)
from jvscheduler_server.kubernetes.fields import Json, parse_time
from jvscheduler_server.kubernetes.shapes import OWNED, Metadata, shaped

JOB: Final = "Job"
CRON_JOB: Final = "CronJob"
CHAIN: Final = (JOB, CRON_JOB, names.KIND)
"""The kinds of a pod's controller, of that one's controller, and so on."""

MAX_LINKS: Final = 200_000
"""Objects that are remembered, some 600 bytes each. Beyond, the one that was asked for longest ago
is forgotten, and confirms nothing any more. 30,000 tasks with four ended Jobs each have fewer."""

CLOCK_SKEW: Final = timedelta(minutes=1)
"""The clocks of the controllers and of the API server may differ by this much."""


class Standing(Enum):
    OWN = auto()
    """Each object of the chain is known, and confirms what it says."""
    BELIEVED = auto()
    """A controller was gone before this server watched. All that is known agrees."""
    OPEN = auto()
    """A controller is not known yet. It proves nothing, but that it exists."""
    FOREIGN = auto()
    """It is not what it says."""


@dataclass(frozen=True)
class Verdict:
    standing: Standing
    problem: str = ""
    """Why it is set aside."""


@dataclass(frozen=True, slots=True)
class Link:
    """An object of a chain."""

    namespace: str
    name: str
    created_time: datetime | None
    controller: Controller | None
    task_id: str = ""
    """Of a ScheduledTask only. It cannot be changed there."""


class Lineage:
    """Remembers Jobs, CronJobs and ScheduledTasks by their uids.

    `listed_time(kind)` says when the objects of a kind were listed last. None: not yet. Since
    then each of them has come through the watch.
    """

    def __init__(self, listed_time: Callable[[str], datetime | None]) -> None:
        self._listed_time = listed_time
        self._links: dict[tuple[str, str], Link] = {}
        """By kind and uid, the one that was asked for longest ago first."""

    def __len__(self) -> int:
        """How many objects it remembers."""
        return len(self._links)

    def see(self, kind: str, item: Json) -> None:
        """Remember an object as the API server sends it. Raises ValueError if it is none."""
        owned = shaped(OWNED, item)
        metadata = owned["metadata"]
        uid = metadata.get("uid")
        if uid is None:
            return
        before = self._find(kind, uid)
        link = Link(
            metadata["namespace"],
            metadata["name"],
            parse_time(metadata.get("creationTimestamp")),
            controller_of(metadata),
            owned.get("spec", {}).get("taskID", "") if kind == names.KIND else "",
        )
        # Who deletes a CronJob and leaves its Jobs takes their controller away.
        known = before.controller if before else None
        self._links[kind, uid] = replace(link, controller=known or link.controller)
        if len(self._links) > MAX_LINKS:
            del self._links[next(iter(self._links))]

    def of_pod(self, pod: TaskPod) -> Verdict:
        start = Link(pod.namespace, pod.name, pod.created_time, pod.controller)
        verdict = self._follow(start, CHAIN, pod.job.name, pod.job.task_name, pod.job.task_id)
        return _not_ahead(verdict, pod.job, pod.created_time)

    def of_job(self, job: KubernetesJob) -> Verdict:
        start = self._find(JOB, job.uid)
        if start is None:
            return Verdict(Standing.OPEN, "the Job is not known yet")
        task_id = job.identity.task_id if job.identity else None
        verdict = self._follow(start, CHAIN[1:], job.name, job.task_name, task_id)
        return _not_ahead(verdict, job.identity, job.created_time)

    def of_cron_job(self, cron_job: TaskCronJob) -> Verdict:
        start = self._find(CRON_JOB, cron_job.uid)
        if start is None:
            return Verdict(Standing.OPEN, "the CronJob is not known yet")
        return self._follow(start, CHAIN[2:], "", cron_job.name, cron_job.task_id)

    def _follow(
        self, link: Link, kinds: Sequence[str], job_name: str, task_name: str, task_id: str | None
    ) -> Verdict:
        for kind in kinds:
            controller = link.controller
            # The operator gives a CronJob the name of its task, and so is the label.
            expected = job_name if kind == JOB else task_name
            if controller is None or (controller.kind, controller.name) != (kind, expected):
                return _foreign(f"{link.name} has no controller {kind} {expected}")
            above = self._find(kind, controller.uid)
            if above is None:
                return self._without(kind, link)
            if (above.namespace, above.name) != (link.namespace, expected):
                return _foreign(f"the uid of its {kind} is that of another one")
            link = above
        if task_id is not None and task_id != link.task_id:
            return _foreign(f"it says another task than its {names.KIND}")
        return Verdict(Standing.OWN)

    def _without(self, kind: str, link: Link) -> Verdict:
        listed_time = self._listed_time(kind)
        # A controller is there before what it controls. So it was seen, unless it went before
        # the list. A clock that goes wrong by seconds moves this by as much, and loses only what
        # lost its controller within as many.
        was_missed = (
            listed_time is not None
            and link.created_time is not None
            and link.created_time <= listed_time
        )
        problem = f"the {kind} that controls {link.name} is not known"
        return Verdict(Standing.BELIEVED if was_missed else Standing.OPEN, problem)

    def _find(self, kind: str, uid: str) -> Link | None:
        link = self._links.pop((kind, uid), None)
        if link is not None:
            self._links[kind, uid] = link
        return link


def controller_of(metadata: Metadata) -> Controller | None:
    """Return the controller that an object names. An owner that is none will do where it has no
    controller: an old kubectl makes such Jobs of a CronJob.
    """
    owners = metadata.get("ownerReferences", [])
    chosen = next((owner for owner in owners if owner.get("controller")), None)
    owner = chosen or next(iter(owners), None)
    return Controller(owner["kind"], owner["name"], owner["uid"]) if owner else None


def _foreign(problem: str) -> Verdict:
    return Verdict(Standing.FOREIGN, problem)


def _not_ahead(verdict: Verdict, job: JobIdentity | None, created: datetime | None) -> Verdict:
    """Refuse what names an instant that was not due yet: no Job of that instant can be gone."""
    due = job.scheduled_time if job else None
    is_proven = verdict.standing in (Standing.OWN, Standing.FOREIGN)
    if is_proven or due is None or created is None or due <= created + CLOCK_SKEW:
        return verdict
    return _foreign("it was made before its instant was due")
