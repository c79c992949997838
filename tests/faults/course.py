"""The course of a run: tasks at work, fault upon fault, time to recover, judgement."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.outcomes import Status
from jvscheduler.verification.periods import last_sign_of_life
from tests.cluster.commands import say
from tests.faults.acts import inject
from tests.faults.judging import Judgement, ask, judge
from tests.faults.planning import Fault, Injection
from tests.faults.world import World
from tests.support.waiting import eventually

_ENOUGH = 2


def run(world: World, injections: Iterable[Injection]) -> Judgement:
    until_at_work(world, world.began)
    for injection in injections:
        time.sleep(injection.calm)
        say(str(injection))
        inject(world, injection)
        world.until_ended()
        if injection.fault is not Fault.CLOCK_AHEAD:
            until_at_work(world, datetime.now(UTC))
    return finish(world)


def finish(world: World) -> Judgement:
    """What began before has ended or, where a dead loop or worker has left it, is closed; then
    the pod ends, in good order."""
    since = datetime.now(UTC)
    eventually(lambda: not _left(world, since), "what was left running is closed", timeout=240)
    end = datetime.now(UTC)
    world.pod.stop()
    return judge(world, end)


def until_at_work(world: World, since: datetime) -> None:
    """Jobs complete that became due after that."""

    async def completed(store: LoopStore) -> bool:
        found = await store.recent(since, Status.COMPLETED, 100)
        due = [job for job in found.jobs if job.scheduled_time and job.scheduled_time > since]
        return len(due) >= _ENOUGH

    try:
        eventually(lambda: ask(world, completed), "tasks complete", timeout=90)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{world.pod.logs()[-8000:]}") from None


def _left(world: World, since: datetime) -> bool:
    """Whether a job runs that began before. What ran while the clock was ahead, and seems to have
    been heard of since, is nobody's to close until then."""

    async def runs(store: LoopStore) -> bool:
        running = (j for j in await store.unfinished() if j.status is Status.RUNNING)
        return any(last_sign_of_life(job) < datetime.now(UTC) for job in running if began(job))

    def began(job: ScheduledJob) -> bool:
        return job.execution_time is not None and job.execution_time < since

    return ask(world, runs)
