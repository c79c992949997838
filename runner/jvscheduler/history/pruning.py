"""Pruning as a task: name this module beside your own, to `build` and to `dev`.

It deletes what `jvscheduler history prune` deletes, from the history of its own
pod, at a quiet hour. What a rule leaves out is in the variables of its
environment; the task is an ordinary one, with a record, retries and a time limit.
"""

from datetime import UTC, datetime

from jvscheduler.decorators import on_schedule


@on_schedule(
    "daily at 03:30",
    task_id="jvscheduler.history.prune",
    timeout_seconds=3600,
    description="Deletes old jobs of the history, but keeps the last ones of each task.",
)
async def prune_history() -> dict[str, object]:
    """Needs the runner's extra when it runs, and nothing of it to be built."""
    from jvscheduler.history.maintenance.deletion import prune  # noqa: PLC0415 - it loads jvspatial
    from jvscheduler.history.settings import read_database_url, read_retention  # noqa: PLC0415

    read_database_url(None)
    rule = read_retention()
    before = rule.before(datetime.now(UTC))
    done = await prune(before, rule.keep_last)
    return {"deleted": done.deleted, "tasks": done.tasks, "before": before.isoformat()}
