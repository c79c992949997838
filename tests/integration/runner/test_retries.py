"""The further attempts of a job. Each is a process of the runner."""

import signal
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
