"""The operator killed after any write of a change: someone serves, and the end is the same."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.support.operator.world import SETTLED, World, served_by_cron_job, served_by_loop


@dataclass(frozen=True)
class Change:
    name: str
    before: Callable[[World], object]
    after: Callable[[World], object]


CHANGES = [
    Change("to the loop", served_by_cron_job, lambda w: w.put_task(backend="Loop")),
    Change("to the CronJob", served_by_loop, lambda w: w.put_task()),
    Change("new image", served_by_loop, lambda w: w.put_task(backend="Loop", image="shop:2")),
]


def carry_out(world: World) -> None:
    """To the end, as time goes by."""
    world.settle()
    world.make_available()
    world.settle()
    world.now += SETTLED
    world.settle()


@pytest.mark.parametrize("survived", range(9))
@pytest.mark.parametrize("available_first", [False, True], ids=["at once", "when available"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_killed_after_any_write_someone_serves_and_the_end_is_the_same(
    change: Change, available_first: bool, survived: int
) -> None:
    worlds = killed, undisturbed = World(), World()
    for world in worlds:
        change.before(world)
        change.after(world)
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
