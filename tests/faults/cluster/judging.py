"""What became of it all: the checker's judgement of the history, and the tasks' own testimony."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from jvscheduler import names
from tests.e2e.installation import FAULTS, NAMESPACE
from tests.faults.cluster.mix import is_of_cron
from tests.faults.cluster.world import World, task_id
from tests.faults.testimony import Testimony, testify

_BEGUN: Final = "/begun/attempts"
_PATIENCE: Final = 300
_PAUSE: Final = 5


@dataclass(frozen=True)
class Judgement:
    report: str
    findings: int
    due_cron: int
    due_loop: int
    testimony: Testimony

    @property
    def is_good(self) -> bool:
        return self.testimony.is_good and not self.findings

    def text(self) -> str:
        return (
            f"{self.report}\n"
            f"{self.due_cron} instants of CronJobs, {self.due_loop} of loops; "
            f"{self.testimony}"
        )


def judge(world: World) -> Judgement:
    """Of the time from the world's beginning to now. What is on its way, such as the record of
    an instant for which no pod will start any more, is waited for."""
    end, deadline = datetime.now(UTC), time.monotonic() + _PATIENCE
    while True:
        found = _judgement(world, end)
        if found.is_good or time.monotonic() > deadline:
            return found
        time.sleep(_PAUSE)


def _judgement(world: World, end: datetime) -> Judgement:
    report = json.loads(_verify(world, end, "json"))
    due = {task["task"]: int(task["due"]) for task in report["tasks"]}
    cron = sum(due[task_id(name)] for name in world.specs if is_of_cron(name))
    return Judgement(
        report=_verify(world, end, "text"),
        findings=sum(report["findings"].values()),
        due_cron=cron,
        due_loop=sum(due.values()) - cron,
        testimony=testify(_begun(world), _recorded(world)),
    )


def _verify(world: World, end: datetime, output: str) -> str:
    """What `jvscheduler verify` says where the database is to be reached; findings or none."""
    grace = (datetime.now(UTC) - end).total_seconds()
    verify = (
        f"python -m jvscheduler.cli verify --namespace {FAULTS} --from {world.began.isoformat()} "
        f"--grace {grace:.0f}s -o {output} || test $? -eq 1"
    )
    server = ("-n", NAMESPACE, "deploy/jvscheduler-server")
    return world.cluster.kubectl("exec", *server, "--", "sh", "-c", verify)


def _begun(world: World) -> Sequence[str]:
    """The attempts, as any loop's worker can read them."""
    deployment = world.kubectl("get", "deployments", "-l", names.LOOP_LABEL, "-o", "name").split()[
        0
    ]
    options = ("-c", names.WORKER_CONTAINER, "--", "cat", _BEGUN)
    return world.kubectl("exec", deployment, *options).split()


def _recorded(world: World) -> Sequence[str]:
    records = [r for name in world.specs for r in world.installation.records(task_id(name))]
    return [attempt["attempt_id"] for record in records for attempt in record["attempts"]]
