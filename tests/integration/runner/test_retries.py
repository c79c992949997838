"""The further attempts of a job. Each is a process of the runner."""

import signal
import time
from dataclasses import replace
from pathlib import Path

from jvscheduler import environment
from jvscheduler.attempt.retries import draw, jitter
from jvscheduler.outcomes import Reason, Status
from tests.support.runner.process import Runner
from tests.support.waiting import eventually

DELAYED = "pod-d"
"""A second attempt with this id is delayed by 4.7 s."""


def test_a_retry_is_a_second_attempt_inside_one_record(url: str, tmp_path: Path) -> None:
    retried = {environment.RETRY_COUNT: "1"}
    first = Runner(tmp_path, "ends.raises", url, options=retried)
    assert first.run().code == 1
    assert first.record().status is Status.PENDING
    second = replace(first, attempt="pod-b")
    ended = second.run()
    assert ended.code == 1
    delay = jitter(1, draw("pod-b"))
    assert f"attempt 2 of job-29540880 waits {delay:.1f} s before it starts" in ended.output
    job = second.record()
    assert [a["attempt_id"] for a in job.attempts] == ["pod-a", "pod-b"]
    assert (job.status, job.pod_name) == (Status.FAILED, "pod-b")
    assert replace(first, attempt="pod-c").run().code == 0, "no attempt is left"
    assert len(first.record().attempts) == 2


def test_a_named_exception_is_not_tried_again(sqlite_url: str, tmp_path: Path) -> None:
    """The Job's policy knows the exit code, and makes no further pod."""
    options = {environment.RETRY_COUNT: "1", environment.NO_RETRY_ON: "LookupError,ValueError"}
    runner = Runner(tmp_path, "ends.raises", sqlite_url, options=options)
    ended = runner.run()
    assert ended.code == environment.NOT_RETRIED
    assert ended.message is not None
    assert ended.message.is_last
    job = runner.record()
    assert (job.status, job.reason, job.retry_count) == (Status.FAILED, Reason.TASK_RAISED, 1)
    assert replace(runner, attempt="pod-b").run().code == 0, "no attempt is left"
    assert len(runner.record().attempts) == 1


def test_a_further_attempt_waits_for_the_rest_of_a_longer_delay(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Until then the job is pending. Kubernetes itself waits 10 s."""
    options = {environment.RETRY_COUNT: "1", environment.RETRY_DELAY_SECONDS: "300"}
    first = Runner(tmp_path, "ends.raises", sqlite_url, options=options)
    assert first.run().code == 1
    waiting = replace(first, attempt="pod-b").start()
    eventually(lambda: "is tried again in" in waiting.output.read_text(), "it waits")
    job = first.record()
    assert (job.status, len(job.attempts)) == (Status.PENDING, 1)
    waiting.signal(signal.SIGTERM)
    assert waiting.wait().code == 1
    assert [a["reason"] for a in first.record().attempts] == ["TaskRaised", "Terminated"]


def test_a_first_attempt_waits_for_the_jitter(sqlite_url: str, tmp_path: Path) -> None:
    """The job is claimed when its pod begins."""
    hour, next_minute = {environment.JITTER_SECONDS: "3600"}, int(time.time()) // 60 + 1
    runner = Runner(tmp_path, "ends.waits", sqlite_url, f"job-{next_minute}", options=hour)
    waiting = runner.start()
    eventually(lambda: "(jitter)" in waiting.output.read_text(), "it waits")
    assert runner.record().status is Status.RUNNING
    waiting.signal(signal.SIGTERM)
    assert waiting.wait().code == 1
    assert not runner.marker.exists(), "the task ran"
    assert runner.record().reason == Reason.TERMINATED


def test_an_attempt_that_is_terminated_during_its_delay_does_not_begin(
    sqlite_url: str, tmp_path: Path
) -> None:
    first = Runner(tmp_path, "ends.waits", sqlite_url, options={environment.RETRY_COUNT: "1"})
    running = first.start()
    running.until_marked()
    running.signal(signal.SIGTERM)
    assert running.wait().code == 1
    second = replace(first, attempt=DELAYED)
    delayed = second.start()
    eventually(lambda: "waits 4.7 s" in delayed.output.read_text(), "it waits before it starts")
    delayed.signal(signal.SIGTERM)
    assert delayed.wait().code == 1
    assert not second.marker.exists(), "the task ran"
    job = second.record()
    assert (job.status, job.reason, len(job.attempts)) == (Status.FAILED, Reason.TERMINATED, 2)
