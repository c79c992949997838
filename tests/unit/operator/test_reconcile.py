"""Passes over tasks on a cluster in memory: their writes, and that a kill does no harm."""

from datetime import timedelta
from typing import Any

import pytest

from jvscheduler.errors import TemporaryError
from jvscheduler_operator.cluster.errors import Conflict, DryRunUnsupported, Rejected, Unavailable
from jvscheduler_operator.objects.manifests import Key
from tests.support.operator.objects import foreign_cron_job
from tests.support.operator.stage import KEY, KILLED, Stage


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.start()
    return stage


def test_a_new_task_causes_each_write_once(stage: Stage) -> None:
    stage.put_task()
    stage.reconcile()
    assert stage.take_writes() == ["secret", "cron job", "status", "event"]
    stage.reconcile()
    assert stage.take_writes() == []


def test_a_line_of_the_log_says_what_it_is_about(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    stage.put_task()
    stage.reconcile()
    (line,) = [r for r in caplog.records if r.getMessage().startswith("CronJob")]
    about = {name: getattr(line, name, None) for name in ("namespace", "task")}
    assert about == {"namespace": KEY.namespace, "task": KEY.name}


def test_a_restart_with_nothing_changed_writes_nothing_but_the_secret(stage: Stage) -> None:
    stage.put_task()
    stage.reconcile()
    versions = stage.cluster.version
    stage.start()
    stage.take_writes()
    stage.reconcile()
    assert stage.take_writes() == ["secret"]
    assert stage.cluster.version == versions


def test_events_that_come_late_cause_no_second_write(stage: Stage) -> None:
    stage.put_task()
    stage.reconcile()
    seen = stage.put_task(image="shop:2")
    stage.reconcile()
    stage.take_writes()
    stage.cache.tasks.put(seen)
    stage.reconcile()
    assert stage.take_writes() == []


def test_the_anchor_comes_before_the_edited_schedule(stage: Stage) -> None:
    stage.put_task()
    stage.reconcile()
    stage.take_writes()
    stage.put_task(schedule="hourly")
    stage.reconcile()
    assert stage.take_writes() == ["dry run", "anchor", "cron job", "status", "event"]
    assert stage.cron_job["spec"]["schedule"] == "0 * * * *"
    assert stage.cron_job["status"]["lastScheduleTime"] == "2026-03-02T12:00:30Z"
    assert "lastScheduleTime" not in stage.cluster.task_objects[KEY]["status"]


def test_the_next_pass_is_just_after_the_next_due_instant(stage: Stage) -> None:
    stage.put_task(schedule="every minute")
    assert stage.reconcile() == timedelta(seconds=31)
    stage.now += timedelta(seconds=31)
    stage.take_writes()
    stage.reconcile()
    assert stage.take_writes() == ["status"]
    status = stage.cluster.task_objects[KEY]["status"]
    assert status["nextScheduleTime"] == "2026-03-02T12:02:00Z"


def test_a_foreign_cron_job_is_checked_once_a_minute_until_it_is_gone(stage: Stage) -> None:
    stage.put_cron_job(foreign_cron_job())
    stage.put_task()
    assert stage.reconcile() == timedelta(minutes=1)
    assert stage.ready() == ("False", "NameConflict")
    stage.take_writes()
    assert stage.reconcile() == timedelta(minutes=1)
    assert stage.take_writes() == []
    assert stage.cache.cron_jobs.get(KEY) is None, "its end could not be seen"
    del stage.cluster.cron_job_objects[KEY]
    stage.reconcile()
    assert stage.ready() == ("True", "CronJobReady")


def test_a_cron_job_that_lost_its_label_is_found_and_repaired(stage: Stage) -> None:
    stage.put_task()
    stage.reconcile()
    bare = {**stage.cron_job, "metadata": {**stage.cron_job["metadata"], "labels": {}}}
    stage.put_cron_job(bare)
    stage.take_writes()
    stage.reconcile()
    assert stage.take_writes() == ["cron job", "event"]
    assert stage.cron_job["metadata"]["labels"] != {}


def test_a_refusal_is_reported_once_and_tried_again_once_a_minute(stage: Stage) -> None:
    stage.put_task()
    stage.cluster.failures = [None, Rejected("no such field")]
    assert stage.reconcile() == timedelta(minutes=1)
    assert stage.ready() == ("False", "ApplyFailed")
    stage.cluster.failures = [Rejected("no such field")]
    stage.take_writes()
    stage.reconcile()
    assert stage.take_writes() == []
    stage.reconcile()
    assert stage.ready() == ("True", "CronJobReady")


def test_a_failure_that_may_pass_is_reported_at_once_and_tried_again_soon(stage: Stage) -> None:
    stage.put_task()
    stage.cluster.failures = [None, Unavailable("the webhook does not answer")]
    with pytest.raises(Unavailable, match="webhook"):
        stage.reconcile()
    assert stage.ready() == ("False", "ApplyFailed")
    stage.reconcile()
    assert stage.ready() == ("True", "CronJobReady")


def test_a_refused_edit_of_the_schedule_writes_no_anchor(stage: Stage) -> None:
    stage.put_task()
    stage.reconcile()
    before = stage.cron_job
    stage.put_task(schedule="hourly")
    for _ in range(3):
        stage.cluster.failures = [Rejected("no such field")]
        stage.take_writes()
        assert stage.reconcile() == timedelta(minutes=1)
        assert "anchor" not in stage.take_writes()
    assert stage.cron_job == before
    assert stage.ready() == ("False", "ApplyFailed")


def test_a_webhook_with_side_effects_does_not_stop_an_edit(stage: Stage) -> None:
    stage.put_task()
    stage.reconcile()
    stage.put_task(schedule="hourly")
    stage.cluster.failures = [DryRunUnsupported("no dry run")]
    stage.reconcile()
    assert stage.cron_job["spec"]["schedule"] == "0 * * * *"
    assert stage.ready() == ("True", "CronJobReady")


def test_a_message_of_any_length_fits_into_the_status(stage: Stage) -> None:
    stage.put_task()
    stage.cluster.failures = [None, Rejected("x" * 100_000)]
    stage.reconcile()
    (ready,) = (
        c for c in stage.cluster.task_objects[KEY]["status"]["conditions"] if c["type"] == "Ready"
    )
    assert len(ready["message"].encode()) == 4096


def test_after_a_conflict_the_cron_job_is_read_from_the_api_server(stage: Stage) -> None:
    stage.put_task()
    stage.reconcile()
    stage.put_task(image="shop:2")
    stage.cluster.failures = [Conflict("uid mismatch")]
    with pytest.raises(TemporaryError, match="uid mismatch"):
        stage.reconcile()
    assert stage.cache.cron_jobs.get(KEY) is None
    stage.reconcile()
    assert stage.ready() == ("True", "CronJobReady")


def test_a_users_own_secret_is_not_overwritten(stage: Stage) -> None:
    stage.put_task()
    stage.cluster.failures = [Conflict("another manager")]
    stage.reconcile()
    assert stage.take_writes() == ["cron job", "status", "event"]
    stage.reconcile()
    assert stage.take_writes() == []


def test_a_refused_secret_stops_no_task_and_one_of_them_tries_again(stage: Stage) -> None:
    stage.put_task()
    stage.put_task("other")
    stage.cluster.failures = [Rejected("forbidden")]
    assert stage.reconcile() == timedelta(minutes=1)
    assert stage.take_writes() == ["cron job", "status", "event", "event"]
    assert stage.ready() == ("False", "ApplyFailed")
    stage.reconcile(Key("shop", "other"))
    assert stage.take_writes() == ["cron job", "status", "event"]
    stage.reconcile()
    assert stage.take_writes() == ["secret", "status"]
    assert stage.ready() == ("True", "CronJobReady")


@pytest.mark.parametrize("refused", [{"schedule": "0 0 31 2 *"}, {"taskID": "shop.tasks.restock"}])
def test_a_refused_task_does_not_keep_the_secret_from_the_others(
    stage: Stage, refused: dict[str, Any]
) -> None:
    stage.put_task()
    stage.put_task("refused", **refused)
    stage.reconcile(Key("shop", "refused"))
    assert stage.take_writes() == ["status", "event"]
    stage.reconcile()
    assert stage.take_writes() == ["secret", "cron job", "status", "event"]


def test_the_secret_is_restored_when_the_task_that_wrote_it_was_refused_since(
    stage: Stage,
) -> None:
    for name in ("restock", "other"):
        stage.put_task(name)
        stage.reconcile(Key("shop", name))
    stage.put_task(schedule="0 0 31 2 *")
    stage.remove_cron_job()
    stage.reconcile()
    stage.reconcile(Key("shop", "other"))
    stage.cluster.secrets.clear()
    assert stage.find_lost_secrets() == [Key("shop", "other")]
    stage.reconcile(Key("shop", "other"))
    assert stage.cluster.secrets


def test_a_refused_edit_of_a_task_that_goes_on_leaves_it_its_secret(stage: Stage) -> None:
    stage.put_task()
    stage.reconcile()
    stage.put_task(schedule="0 0 31 2 *")
    stage.start()
    stage.take_writes()
    stage.reconcile()
    assert stage.take_writes() == ["secret", "status", "event"]


def test_each_namespace_gets_its_secret_once(stage: Stage) -> None:
    for name in ("restock", "other"):
        stage.put_task(name)
        stage.reconcile(Key("shop", name))
    assert stage.take_writes().count("secret") == 1


def test_an_event_that_cannot_be_posted_fails_nothing(stage: Stage) -> None:
    stage.put_task()
    stage.cluster.failures = [None, None, None, Rejected("quota")]
    stage.reconcile()
    assert stage.ready() == ("True", "CronJobReady")


@pytest.mark.parametrize("survived", range(6))
@pytest.mark.parametrize("spec", [{"schedule": "hourly"}, {"image": "shop:2"}, {"suspend": True}])
def test_killed_after_any_write_the_next_process_reaches_the_same_result(
    stage: Stage, spec: dict[str, Any], survived: int
) -> None:
    stage.put_task()
    stage.reconcile()
    stage.put_task(**spec)
    stage.start()
    stage.cluster.failures = [*[None] * survived, KILLED]
    try:
        stage.reconcile()
    except TemporaryError as error:
        assert error is KILLED  # noqa: PT017 - later kills find nothing left to write
    stage.cluster.failures = []
    stage.start()
    stage.reconcile()
    undisturbed = Stage()
    undisturbed.start()
    undisturbed.put_task()
    undisturbed.reconcile()
    undisturbed.put_task(**spec)
    undisturbed.reconcile()
    assert stage.cron_job["spec"] == undisturbed.cron_job["spec"]
    assert stage.cron_job.get("status") == undisturbed.cron_job.get("status")
    assert stage.ready() == undisturbed.ready() == ("True", "CronJobReady")
