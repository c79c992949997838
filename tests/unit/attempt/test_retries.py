"""Which jobs are tried again, and how long each attempt waits."""

from dataclasses import replace

import pytest

from jvscheduler.attempt.retries import draw, is_retried, jitter, retry_pause
from jvscheduler.outcomes import Outcome
from tests.support.history.outcomes import begun, completed, failed


@pytest.mark.parametrize(
    ("outcome", "attempts", "is_another"),
    [
        pytest.param(failed(begun(retry_count=1)), 1, True, id="one is left"),
        pytest.param(failed(begun(retry_count=1)), 2, False, id="none is left"),
        pytest.param(
            replace(failed(begun(retry_count=1)), is_last=True), 1, False, id="no_retry_on"
        ),
        pytest.param(completed(begun(retry_count=1)), 1, False, id="it completed"),
        pytest.param(None, 1, False, id="nothing ran"),
    ],
)
def test_a_failed_job_is_retried_while_attempts_are_left(
    outcome: Outcome | None, attempts: int, is_another: bool
) -> None:
    assert is_retried(outcome, attempts) is is_another


def test_pauses_grow_to_at_most_six_minutes() -> None:
    pauses = [retry_pause(attempts) for attempts in range(1, 9)]
    assert pauses == [10, 20, 40, 80, 160, 320, 360, 360]
    assert retry_pause(10**6) == 360
    assert [retry_pause(attempts, 3) for attempts in range(1, 9)] == [
        3,
        6,
        12,
        24,
        48,
        96,
        192,
        360,
    ]
    assert retry_pause(2, 360) == 360


@pytest.mark.parametrize(
    ("earlier", "drawn", "seconds"),
    [(0, 0.9, 0), (1, 0, 0), (1, 0.5, 2.5), (1, 1, 5), (2, 0.5, 5), (9, 1, 180)],
)
def test_a_further_attempt_is_delayed_by_up_to_half_its_pause(
    earlier: int, drawn: float, seconds: float
) -> None:
    assert jitter(earlier, drawn) == seconds
    assert jitter(earlier, drawn, 5) <= seconds


def test_the_random_part_is_uniform_over_attempts_and_fixed_for_each() -> None:
    drawn = [draw(f"job-29540880-{number:06x}") for number in range(20_000)]
    assert drawn[7] == draw("job-29540880-000007")
    for tenth in range(10):
        share = sum(tenth <= 10 * d < tenth + 1 for d in drawn) / len(drawn)
        assert 0.09 < share < 0.11
