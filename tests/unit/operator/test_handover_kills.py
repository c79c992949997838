"""Killed after any write of a handover, the operator leaves the task served.

The next process reaches the same result as one that was not killed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.support.operator.world import SETTLED, World, served_by_cron_job, served_by_loop


@dataclass(frozen=True)
class Handover:
    name: str
    before: Callable[[World], object]
    after: Callable[[World], object]


HANDOVERS = [
    Handover("to the loop", served_by_cron_job, lambda w: w.put_task(backend="Loop")),
    Handover("to the CronJob", served_by_loop, lambda w: w.put_task()),
    Handover("new image", served_by_loop, lambda w: w.put_task(backend="Loop", image="shop:2")),
]


def carry_out(world: World) -> None:
    """Reconcile until the handover is complete."""
    world.settle()
    world.make_available()
    world.settle()
    world.now += SETTLED
    world.settle()


@pytest.mark.parametrize("survived", range(10))
@pytest.mark.parametrize("available_first", [False, True], ids=["at once", "when available"])
@pytest.mark.parametrize("handover", HANDOVERS, ids=lambda handover: handover.name)
def test_killed_after_any_write_the_task_is_served_and_the_result_is_the_same(
    handover: Handover, available_first: bool, survived: int
) -> None:
    worlds = killed, undisturbed = World(), World()
    for world in worlds:
        handover.before(world)
        handover.after(world)
        if available_first:
            world.settle()
            world.make_available()
    killed.settle_killed_after(survived)
    _, loop = killed.serving()
    is_by_cron_job = killed.cron_job is not None and not killed.cron_job["spec"]["suspend"]
    assert loop in killed.loop_names or (loop is None and is_by_cron_job)
    for world in worlds:
        carry_out(world)
    assert killed.serving() == undisturbed.serving()
    assert killed.loop_names == undisturbed.loop_names
    assert (killed.cron_job or {}).get("spec") == (undisturbed.cron_job or {}).get("spec")
    assert killed.condition("Ready") == undisturbed.condition("Ready")
