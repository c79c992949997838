"""The runner's settings: the attempt that they describe, and the values that they refuse."""

from datetime import timedelta

import pytest

from jvscheduler import environment
from jvscheduler.errors import InvalidSettings
from jvscheduler.runner.settings import read_settings
from tests.support.history.outcomes import begun, of_job

NOW = of_job(5).start_time + timedelta(seconds=1)

ENVIRONMENT = {
    environment.TASK_ID: "shop.tasks.restock",
    environment.TASK_NAME: "shop-tasks-restock",
    environment.ENTRYPOINT: "shop.tasks:restock",
    environment.JOB_NAME: "shop-tasks-restock-29540880",
    environment.NAMESPACE: "shop",
    environment.POD_NAME: "pod-a",
}


def test_the_attempt_claims_the_instant_of_its_jobs_name() -> None:
    start = begun().start_time
    assert read_settings(ENVIRONMENT).attempt(start).claim == begun()


def test_a_job_made_by_hand_has_no_scheduled_time() -> None:
    by_hand = {**ENVIRONMENT, environment.JOB_NAME: "try-it"}
    claim = read_settings(by_hand).attempt(NOW).claim
    assert claim.scheduled_time is None
    assert "-manual-" in claim.job_id


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_a_variable_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(InvalidSettings, match=name):
        read_settings({**ENVIRONMENT, name: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (environment.ENTRYPOINT, "shop.tasks.restock"),
        (environment.TIMEOUT_SECONDS, "0"),
        (environment.TIMEOUT_SECONDS, "soon"),
        (environment.RETRY_COUNT, "-1"),
        (environment.MAX_CONCURRENT, "0"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(InvalidSettings, match=name):
        read_settings({**ENVIRONMENT, name: value})
