"""Describes the difference between the tasks before and after a reload. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

from jvscheduler.schedules import Schedule
from jvscheduler.tasks import Task


def changes(before: Sequence[Task], after: Sequence[Task]) -> list[str]:
    """One line for each task that was added, removed or changed, sorted by task id."""
    old = {task.task_id: task for task in before}
    new = {task.task_id: task for task in after}
    return [
        f"{task_id} {_change(old.get(task_id), new.get(task_id))}"
        for task_id in sorted({*old, *new})
        if old.get(task_id) != new.get(task_id)
    ]


def _change(old: Task | None, new: Task | None) -> str:
    if new is None:
        return "removed"
    if old is None:
        return f"added: {_shown(new.schedule)}{'' if new.enabled else ', suspended'}"
    return ", ".join(_edits(old, new))


def _edits(old: Task, new: Task) -> Iterator[str]:
    if old.enabled != new.enabled:
        yield "resumed" if new.enabled else "suspended"
    for field in fields(Task):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if field.compare and before != after and field.name != "enabled":
            yield f"{field.name}: {_shown(before)} → {_shown(after)}"


def _shown(value: Any) -> str:
    if isinstance(value, Schedule):
        dst = "" if value.dst == "cron" else f", dst {value.dst}"
        return f"{value} {value.time_zone}{dst}"
    return repr(value)
