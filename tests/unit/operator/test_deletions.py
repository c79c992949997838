"""A deleted task starts no more jobs."""

from tests.support.operator.objects import foreign_cron_job, task
from tests.support.operator.stage import KEY, Stage


def test_a_task_that_a_finalizer_keeps_starts_no_more_jobs() -> None:
    stage = Stage()
    stage.start()
    stage.put_task()
    stage.reconcile()
    stage.take_writes()
    deleted = {"deletionTimestamp": "2026-03-02T12:00:00Z", "finalizers": ["shop.test/audit"]}
    kept = stage.cluster.task_objects[KEY]
    going = {**kept, "metadata": {**kept["metadata"], **deleted}}
    stage.cluster.put(stage.cluster.task_objects, going)
    assert stage.reconcile() is None
    assert stage.take_writes() == ["deleted", "status"]
    assert stage.ready() == ("False", "AwaitingDeletion")
    status = stage.cluster.task_objects[KEY]["status"]
    assert "nextScheduleTime" not in status
    assert "Finalizers: shop.test/audit." in status["conditions"][1]["message"]
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
