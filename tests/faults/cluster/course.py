"""The course of a run: tasks at work, fault upon fault, judgement."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from tests.cluster.commands import say
from tests.faults.cluster.acts import inject
from tests.faults.cluster.judging import Judgement, judge
from tests.faults.cluster.planning import Injection, following
from tests.faults.cluster.world import World
from tests.support.waiting import eventually


def run(world: World, injections: Iterable[Injection]) -> Judgement:
    """Loops are seen to be at work after each fault; CronJobs, whose tasks are due once a minute,
    after the last."""
    world.until_at_work(world.began)
    for injection in _in_turn(list(injections)):
        say(f"{injection.fault}, {injection.lasts:.0f} s")
        inject(world, injection)
        say(f"{injection.fault} is over")
        world.until_at_work(datetime.now(UTC))
        time.sleep(injection.calm)
    world.until_at_work(datetime.now(UTC), of_cron=True)
    return judge(world)


def _in_turn(planned: list[Injection]) -> Iterator[Injection]:
    while planned:
        found = eventually(
            lambda: following(planned, datetime.now(UTC).second), "one of the faults may begin"
        )
        planned.remove(found)
        yield found
