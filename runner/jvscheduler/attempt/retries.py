"""When a further attempt of a job begins: exponential backoff, and a random part on top.

The pause is a Kubernetes Job's own, which has no random part: jobs that failed
together, as when a service that they share was away, would come back together.
So the runner of a further attempt holds back after it has claimed its job, the
same in every mode. The random part is drawn from the attempt's id, which is
random: whoever reads a record can tell how long its attempts held back.
"""

import hashlib
from typing import Final

from jvscheduler.outcomes import Outcome, Status

_RETRIED: Final = (Status.FAILED, Status.TIMEOUT)
_FIRST_PAUSE: Final = 10
_LONGEST_PAUSE: Final = 360
_RANDOM_SHARE: Final = 0.5


def is_retried(outcome: Outcome | None, attempts: int) -> bool:
    """After so many attempts, this one included."""
    return outcome is not None and outcome.status in _RETRIED and attempts <= outcome.retry_count


def retry_pause(attempts: int) -> int:
    """Seconds before the next attempt after so many: 10, 20, 40, … at most 6 minutes, as a Job."""
    return min(_FIRST_PAUSE << min(attempts - 1, 10), _LONGEST_PAUSE)


def jitter(earlier_attempts: int, drawn: float) -> float:
    """Seconds that an attempt holds back, of up to half its pause; `drawn` is 0 to 1."""
    return retry_pause(earlier_attempts) * _RANDOM_SHARE * drawn if earlier_attempts else 0.0


def draw(attempt_id: str) -> float:
    """From 0 to below 1, uniform over ids."""
    digest = hashlib.sha256(attempt_id.encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48
