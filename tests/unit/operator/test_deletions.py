"""A deleted task starts no more jobs."""

from tests.support.operator.objects import foreign_cron_job, task
from tests.support.operator.stage import Stage


def test_a_task_that_a_finalizer_keeps_starts_no_more_jobs() -> None:
    stage = Stage()
    stage.start()
    kept = stage.put_task()
    stage.reconcile()
    stage.take_writes()
    going = {**kept["metadata"], "deletionTimestamp": "2026-03-02T12:00:00Z"}
    stage.cluster.put(stage.cluster.task_objects, {**kept, "metadata": going})
    assert stage.reconcile() is None
    assert stage.take_writes() == ["deleted"]
    assert stage.reconcile() is None
    assert stage.take_writes() == []


def test_a_deleted_tasks_name_may_be_someone_elses_cron_job() -> None:
    stage = Stage()
    stage.start()
    stage.put_cron_job(foreign_cron_job())
    going = task(metadata={"uid": "task-uid", "deletionTimestamp": "2026-03-02T12:00:00Z"})
    stage.cluster.put(stage.cluster.task_objects, going)
    assert stage.reconcile() is None
    assert stage.take_writes() == []


def test_a_deleted_task_is_left_to_garbage_collection() -> None:
    stage = Stage()
    stage.start()
    assert stage.reconcile() is None
    going = task(metadata={"deletionTimestamp": "2026-03-02T12:00:00Z"})
    stage.cluster.put(stage.cluster.task_objects, going)
    assert stage.reconcile() is None
    assert stage.take_writes() == []
