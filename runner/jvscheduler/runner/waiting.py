"""What a pod waits for before it claims its job. Until then the job is `pending`.

A Kubernetes Job's own pause between two pods begins at 10 s. The rest of a longer
`retry_delay_seconds` is waited for here: only the record says when the attempt before has ended.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from jvscheduler.attempt.log import say
from jvscheduler.attempt.retries import retry_pause
from jvscheduler.errors import SchedulerError
from jvscheduler.history.records.attempts import AttemptRecord, attempts_of
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.runner.calls import answered, disconnect
from jvscheduler.runner.settings import PodAttempt
from jvscheduler.tasks import JOB_RETRY_SECONDS


async def wait_for_retry(store: LoopStore | None, attempt: PodAttempt, stop: asyncio.Event) -> None:
    """Wait for what is left of the pause before a further attempt. A stop ends it."""
    delay = attempt.retry_delay_seconds
    if store is None or delay <= JOB_RETRY_SECONDS or not attempt.claim.retry_count:
        return
    earlier = await _earlier_attempts(store, attempt, stop)
    if not earlier:
        return
    pause = timedelta(seconds=retry_pause(len(earlier), delay))
    left = (earlier[-1].last_time + pause - datetime.now(UTC)).total_seconds()
    if left > 0:
        say(f"{attempt.claim.job_name} is tried again in {left:.1f} s")
        await disconnect(store)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), left)


async def _earlier_attempts(
    store: LoopStore, attempt: PodAttempt, stop: asyncio.Event
) -> Sequence[AttemptRecord]:
    try:
        jobs = await answered(store.jobs_with_id(attempt.claim.job_id), stop)
    except SchedulerError as error:
        say(f"it is not known when the attempt before ended, so this one does not wait: {error}")
        return ()
    own = [job for job in jobs if job.namespace == attempt.claim.namespace]
    return attempts_of(own[0]) if own else ()
