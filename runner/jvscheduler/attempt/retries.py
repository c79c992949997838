"""When a job is tried again: exponential backoff, and a random delay in addition.

The pause between two attempts is that of a Kubernetes Job, which has no random part. When a
service that many jobs share is away, they fail together, and without a random delay they would all
come back together. So each further attempt waits for a random time after it has claimed its job:
in a pod, in a loop and in `dev` alike. The random time is computed from the attempt's id, which is
random, so that anyone who reads a record can compute it again.
"""

import hashlib
from typing import Final

from jvscheduler.outcomes import Outcome, Status

_RETRIED: Final = (Status.FAILED, Status.TIMEOUT)
_FIRST_PAUSE: Final = 10
"""Seconds, as a Kubernetes Job waits."""
_LONGEST_PAUSE: Final = 360
"""Seconds, as a Kubernetes Job waits."""
_RANDOM_SHARE: Final = 0.5
"""The random delay is at most this part of the pause."""


def is_retried(outcome: Outcome | None, attempts: int) -> bool:
    """True when another attempt follows. `attempts` counts those made, this one included."""
    return outcome is not None and outcome.status in _RETRIED and attempts <= outcome.retry_count


def retry_pause(attempts: int) -> int:
    """Return the seconds to wait after so many attempts: 10, 20, 40, … up to 360, as in a Job."""
    # The shift is bounded, so that a large count makes no huge number.
    return min(_FIRST_PAUSE << min(attempts - 1, 10), _LONGEST_PAUSE)


def jitter(earlier_attempts: int, drawn: float) -> float:
    """Return the seconds by which an attempt delays its start: up to half the pause before it.

    `drawn` is from 0 to 1. The first attempt of a job is not delayed.
    """
    return retry_pause(earlier_attempts) * _RANDOM_SHARE * drawn if earlier_attempts else 0.0


def draw(attempt_id: str) -> float:
    """Return a number from 0 up to, but not, 1: the same for the same id, uniform over all ids."""
    digest = hashlib.sha256(attempt_id.encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48
