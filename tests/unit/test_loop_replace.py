"""Other tasks take the place of a scheduler's while it runs."""

import asyncio
from dataclasses import replace

import pytest

from jvscheduler.loop.scheduler import Scheduler
from jvscheduler.schedules import parse_schedule
from jvscheduler.tasks import Task
from tests.loop_story import MINUTE, Story, task, until
from tests.outcomes import NOON


class EditedStory(Story):
    """Another task takes the place of the one, half a minute after NOON."""

    def __init__(self, one: Task, other: Task, minutes: float) -> None:
        self.other = other
        super().__init__(one, minutes)

    async def _run(self, one: Task) -> None:
        scheduler = Scheduler([one], self.store, self.launcher, self.clock)
        edit = asyncio.create_task(self._edit(scheduler))
        await scheduler.run(asyncio.Event())
        await edit

    async def _edit(self, scheduler: Scheduler) -> None:
        await until(lambda: self.clock.time >= NOON + MINUTE / 2)
        scheduler.replace_tasks([self.other])


@pytest.mark.parametrize(
    ("before", "after", "minutes_due"),
    [
        pytest.param("@yearly", "every minute", [1, 2], id="more often"),
        pytest.param("every minute", "2 12 * * *", [0, 2], id="less often"),
        pytest.param("@yearly", "0 12 * * *", [], id="due before"),
    ],
)
def test_a_replaced_task_is_due_from_then_on(
    before: str, after: str, minutes_due: list[int]
) -> None:
    one, other = (replace(task(), schedule=parse_schedule(text)) for text in (before, after))
    story = EditedStory(one, other, minutes=3)
    assert [at for _, at in story.launcher.attempts] == [NOON + n * MINUTE for n in minutes_due]
