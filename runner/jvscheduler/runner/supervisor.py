"""The supervisor's steps: claim the job, be admitted, run the task, record the outcome."""

import asyncio
import contextlib
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from jvscheduler import kernel
from jvscheduler.attempt.deadlines import GRACE_SECONDS, exceeded, look_again_at, must_be_killed
from jvscheduler.attempt.descendants import end_descendants
from jvscheduler.attempt.limits import end_of, skipped
from jvscheduler.attempt.log import say
from jvscheduler.attempt.process import TaskProcess, Usage
from jvscheduler.attempt.retries import draw, is_retried, jitter, retry_pause
from jvscheduler.attempt.verdict import Interruption, ProcessEnd, judge
from jvscheduler.environment import NOT_RETRIED
from jvscheduler.errors import SchedulerError
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.outcomes import Outcome, Reason, Status, summary
from jvscheduler.runner.admission import Admission, AdmissionDecision, admit
from jvscheduler.runner.heartbeats import heartbeats
from jvscheduler.runner.recording import record
from jvscheduler.runner.settings import PodAttempt, Settings
from jvscheduler.runner.waiting import wait_for_retry

EXIT_CODES: Final = {Status.COMPLETED: 0, Status.SKIPPED: 0, Status.FAILED: 1, Status.TIMEOUT: 124}
_NEXT_POD_START: Final = timedelta(minutes=1)
"""The next attempt's pod may take this long to start before the job loses its slot."""
_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


async def supervise(settings: Settings, child: TaskProcess, store: LoopStore | None) -> int:
    """Make the attempt, and return the exit code. The child, already forked, imports meanwhile."""
    stop = _stop_on_signals()
    attempt = settings.attempt(datetime.now(UTC))
    return await Supervisor(attempt, child, store, settings.termination_log, stop).run()


async def close(store: LoopStore | None) -> None:
    if store is not None:
        try:
            await store.close()
        except SchedulerError as error:  # the process ends all the same
            say(f"the history was not closed cleanly: {error}")


class Supervisor:
    """One attempt, whose child waits at its gate. `stop` is set when the pod has to end."""

    def __init__(
        self,
        attempt: PodAttempt,
        child: TaskProcess,
        store: LoopStore | None,
        termination_log: Path,
        stop: asyncio.Event,
    ) -> None:
        self._attempt = attempt
        self._claim = attempt.claim
        self._child = child
        self._store = store
        self._termination_log = termination_log
        self._stop = stop

    async def run(self) -> int:
        """Take the steps in their order, and return the exit code."""
        await wait_for_retry(self._store, self._attempt, self._stop)
        admission = await admit(self._store, self._attempt, self._stop)
        match admission.decision:
            case AdmissionDecision.ALREADY_CLAIMED:
                say(
                    f"job {self._claim.job_name} was claimed by another attempt or has ended",
                    "info",
                )
                self._discard_child()
                return 0
            case AdmissionDecision.OVER_LIMIT:
                self._discard_child()
                outcome = skipped(self._claim, self._attempt.max_concurrent, datetime.now(UTC))
            case AdmissionDecision.RUN:
                await self._delay_start(admission)
                await self._delay_retry(admission.earlier_attempts)
                outcome = await self._run_task(admission)
        await self._record(outcome, admission.earlier_attempts + 1)
        return NOT_RETRIED if outcome.is_last else EXIT_CODES[outcome.status]

    async def _delay_start(self, admission: Admission) -> None:
        """Wait for the task's jitter. A further attempt has none: its start lies in the past."""
        start = self._attempt.start_time
        seconds = (start - datetime.now(UTC)).total_seconds() if start is not None else 0.0
        if seconds > 0 and not admission.earlier_attempts:
            say(f"{self._claim.job_name} starts in {seconds:.1f} s (jitter)")
            await self._wait_alive(seconds, is_unclaimed=admission.is_unclaimed)

    async def _wait_alive(self, seconds: float, *, is_unclaimed: bool = False) -> None:
        """Wait, with heartbeats: the job is claimed, and holds its slot. A stop ends it."""
        async with heartbeats(self._store, self._attempt, is_unclaimed=is_unclaimed):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), seconds)

    async def _delay_retry(self, earlier_attempts: int) -> None:
        """Wait for the random time by which a further attempt is delayed."""
        delay = self._attempt.retry_delay_seconds
        seconds = jitter(earlier_attempts, draw(self._claim.attempt_id), delay)
        if seconds:
            which = f"attempt {earlier_attempts + 1} of {self._claim.job_name}"
            say(f"{which} waits {seconds:.1f} s before it starts", "info")
            await self._wait_alive(seconds)

    async def _run_task(self, admission: Admission) -> Outcome:
        may_start_at = time.time()
        async with heartbeats(self._store, self._attempt, is_unclaimed=admission.is_unclaimed):
            outcome = await self._run_child()
        # The time of an attempt begins with the task's own code. Before that, another job may still
        # have held the slot, and their records would seem to overlap. The import and the random
        # delay of a further attempt are no run time either.
        started_at = self._child.task_started_at() or may_start_at
        started = replace(outcome, start_time=datetime.fromtimestamp(started_at, tz=UTC))
        end = end_of(started, outcome.completion_time or datetime.now(UTC))
        return replace(started, completion_time=end)

    async def _run_child(self) -> Outcome:
        kills_before = kernel.oom_kills()
        # After a stop the gate stays closed: the task must not begin just to be ended.
        if not self._stop.is_set():
            self._child.gate.open()
        interruption = await self._wait_or_interrupt()
        usage = self._child.reap()
        end_descendants()
        kills = kernel.oom_kills() - kills_before
        end = ProcessEnd(usage.exit_code, self._child.report(), interruption, kills)
        ended_at = datetime.fromtimestamp(self._child.task_ended_at(), tz=UTC)
        return replace(_outcome(self._attempt, end, usage), completion_time=ended_at)

    async def _wait_or_interrupt(self) -> Interruption | None:
        """Wait until the child has ended. End it at its time limit, or when the pod has to end."""
        ended = asyncio.create_task(self._child.wait())
        stopped = asyncio.create_task(self._stop.wait())
        reason = await self._reason_to_interrupt(ended, stopped)
        stopped.cancel()
        if reason is None:
            return None
        interruption = Interruption(reason, time.monotonic())
        await self._end_child(ended, reason)
        return interruption

    async def _reason_to_interrupt(
        self, ended: asyncio.Task[None], stopped: asyncio.Task[Literal[True]]
    ) -> Reason | None:
        """Return None when the child has ended by itself."""
        limit, progress = self._attempt.timeout_seconds, self._child.progress
        reason = None
        while not ended.done() and reason is None:
            now = time.monotonic()
            at = look_again_at(progress(), limit, now)
            await asyncio.wait(
                {ended, stopped},
                timeout=None if at is None else at - now,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if must_be_killed(progress(), time.monotonic()):
                self._child.kill()
                await ended
            stop = Reason.TERMINATED if stopped.done() else None
            reason = stop or exceeded(progress(), limit, time.monotonic())
        return None if ended.done() else reason

    async def _end_child(self, ended: asyncio.Task[None], reason: Reason) -> None:
        if reason is Reason.TERMINATED:
            self._child.signal(signal.SIGTERM)
        else:
            self._child.end_for_time()
        await asyncio.wait({ended}, timeout=GRACE_SECONDS)
        self._child.kill()
        await ended

    def _discard_child(self) -> None:
        self._child.kill()
        self._child.reap()
        end_descendants()

    async def _record(self, outcome: Outcome, attempts: int) -> None:
        """Record the outcome, then release the slot, and log it all."""
        recorded = await record(self._store, outcome, self._termination_log, self._stop)
        # A history that did not take the outcome would not answer this either; the pod would only
        # end later. The slot expires by itself.
        if self._store is not None and recorded:
            pause = retry_pause(attempts, self._attempt.retry_delay_seconds)
            await _release_slot(self._store, outcome, attempts, pause)
        _log(outcome)


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in _STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # A signal that came since the start of the process is delivered now.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
    return stop


async def _release_slot(store: LoopStore, outcome: Outcome, attempts: int, pause: int) -> None:
    """Release the slot after the job's last attempt; before a further one, keep it."""
    try:
        if is_retried(outcome, attempts):
            # No heartbeat keeps the slot during the pause. If another job took it, the retry would
            # be skipped for lack of a slot.
            kept = timedelta(seconds=pause) + _NEXT_POD_START
            await store.extend_slots([outcome.attempt_id], datetime.now(UTC) + kept)
        else:
            await store.release_slots([outcome.attempt_id])
    except SchedulerError as error:
        say(f"the slot was not released, and is free only when it expires: {error}")


def _outcome(attempt: PodAttempt, end: ProcessEnd, usage: Usage) -> Outcome:
    verdict = judge(end, attempt.timeout_seconds)
    return replace(
        attempt.claim,
        status=verdict.status,
        reason=verdict.reason,
        error_message=verdict.error_message,
        traceback=verdict.traceback,
        result=verdict.result,
        is_last=verdict.is_last,
        cpu_seconds=usage.cpu_seconds,
        peak_memory_bytes=usage.peak_memory_bytes,
    )


def _log(outcome: Outcome) -> None:
    level = "info" if outcome.status in (Status.COMPLETED, Status.SKIPPED) else "warning"
    say(f"{outcome.task_id} {summary(outcome)}", level, outcome.traceback or "")
