"""A built-in task that prunes the history. To use it, give this module to `build` or `dev`.

It deletes the jobs that `jvscheduler history prune` deletes, from the history of its own pod.
Variables of its environment change how long jobs are kept. Otherwise it is an ordinary task,
with a record, retries and a time limit.
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
    """To run it needs the extra `runner`; to build it does not."""
    from jvscheduler.history.maintenance.deletion import prune  # noqa: PLC0415 - imports jvspatial
    from jvscheduler.history.settings import read_database_url, read_retention  # noqa: PLC0415

    read_database_url(None)
    rule = read_retention()
    before = rule.before(datetime.now(UTC))
    done = await prune(before, rule.keep_last)
    return {"deleted": done.deleted, "tasks": done.tasks, "before": before.isoformat()}
