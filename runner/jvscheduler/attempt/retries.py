"""When a job is tried again: exponential backoff, and a random delay in addition.

The pause between two attempts is that of a Kubernetes Job, unless the task has a
`retry_delay_seconds` of its own. A Job's pause has no random part. When a
service that many jobs share is away, they fail together, and without a random delay they would all
come back together. So each further attempt waits for a random time after it has claimed its job:
in a pod, in a loop and in `dev` alike. The random time is computed from the attempt's id, which is
random, so that anyone who reads a record can compute it again.
"""

import hashlib
from typing import Final

from jvscheduler.outcomes import Outcome, Status
from jvscheduler.tasks import JOB_RETRY_SECONDS, MAX_RETRY_DELAY

_RETRIED: Final = (Status.FAILED, Status.TIMEOUT)
_RANDOM_SHARE: Final = 0.5
"""The random delay is at most this part of the pause."""


def is_retried(outcome: Outcome | None, attempts: int) -> bool:
    """True when another attempt follows. `attempts` counts those made, this one included."""
    return (
        outcome is not None
        and outcome.status in _RETRIED
        and attempts <= outcome.retry_count
        and not outcome.is_last
    )


def retry_pause(attempts: int, delay_seconds: int = JOB_RETRY_SECONDS) -> int:
    """Return the seconds to wait after so many attempts: 10, 20, 40, … up to 360, as in a Job.

    `delay_seconds` is the first one.
    """
    # The shift is bounded, so that a large count makes no huge number.
    return min(delay_seconds << min(attempts - 1, 10), MAX_RETRY_DELAY)


def jitter(earlier_attempts: int, drawn: float, delay_seconds: int = JOB_RETRY_SECONDS) -> float:
    """Return the seconds by which an attempt delays its start: up to half the pause before it.

    `drawn` is from 0 to 1. The first attempt of a job is not delayed.
    """
    if not earlier_attempts:
        return 0.0
    return retry_pause(earlier_attempts, delay_seconds) * _RANDOM_SHARE * drawn


def draw(attempt_id: str) -> float:
    """Return a number from 0 up to, but not, 1: the same for the same id, uniform over all ids."""
    digest = hashlib.sha256(attempt_id.encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48
