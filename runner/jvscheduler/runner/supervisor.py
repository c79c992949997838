"""The attempt from claim to record, as the supervisor acts it out."""

import asyncio
import contextlib
import os
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from jvscheduler.attempt.kernel import oom_kills
from jvscheduler.attempt.limits import skipped
from jvscheduler.attempt.log import say
from jvscheduler.attempt.process import GRACE_SECONDS, TaskProcess, Usage, end_descendants
from jvscheduler.attempt.retries import draw, is_retried, jitter, retry_pause
from jvscheduler.attempt.verdict import Interruption, ProcessEnd, judge
from jvscheduler.errors import SchedulerError
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.outcomes import Outcome, Reason, Status, summary
from jvscheduler.runner.admission import Verdict, admit
from jvscheduler.runner.heartbeats import heartbeats
from jvscheduler.runner.recording import publish
from jvscheduler.runner.settings import Settings

START_TIME: Final = timedelta(minutes=1)
"""What the pod of a further attempt may take to start before its job loses its slot."""
EXIT_CODES: Final = {Status.COMPLETED: 0, Status.SKIPPED: 0, Status.FAILED: 1, Status.TIMEOUT: 124}
_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


async def supervise(settings: Settings, process: TaskProcess, store: LoopStore | None) -> int:
    """The exit code."""
    stop = _watch_for_stop()
    claim = settings.begun(datetime.now(UTC))
    admission = await admit(store, claim, settings.max_concurrent, stop)
    match admission.verdict:
        case Verdict.LOST:
            say(f"job {claim.job_name} was claimed by another attempt or has ended")
            _discard(process)
            return 0
        case Verdict.OVER_LIMIT:
            _discard(process)
            outcome = skipped(claim, settings.max_concurrent, datetime.now(UTC))
        case Verdict.RUN:
            await _hold_back(store, claim, admission.earlier_attempts, stop)
            owed_under = settings.max_concurrent if admission.owed else None
            async with heartbeats(store, claim, owed_under):
                ended = await _run(settings, process, claim, stop)
            outcome = ended if admission.earlier_attempts else _begun(ended, process)
    recorded = await publish(store, outcome, settings.termination_log, stop)
    if store is not None and recorded:
        await _leave_place(store, outcome, admission.earlier_attempts + 1)
    _tell(outcome)
    return EXIT_CODES[outcome.status]


async def close(store: LoopStore | None) -> None:
    if store is not None:
        try:
            await store.close()
        except SchedulerError as error:  # the process ends all the same
            say(f"not closed cleanly: {error}")


def _watch_for_stop() -> asyncio.Event:
    stop = asyncio.Event()
    for number in _STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
    return stop


async def _hold_back(
    store: LoopStore | None, claim: Outcome, earlier_attempts: int, stop: asyncio.Event
) -> None:
    seconds = jitter(earlier_attempts, draw(claim.attempt_id))
    if seconds:
        say(f"attempt {earlier_attempts + 1} of {claim.job_name} holds back {seconds:.1f} s")
        async with heartbeats(store, claim):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds)


async def _run(
    settings: Settings, process: TaskProcess, claim: Outcome, stop: asyncio.Event
) -> Outcome:
    kills_before = oom_kills()
    if not stop.is_set():
        process.gate.open()
    interruption = await _until_ended(process, settings.timeout_seconds, stop)
    usage = process.reap()
    end_descendants()
    kills = oom_kills() - kills_before
    ended = ProcessEnd(usage.exit_code, process.report(), interruption, kills)
    return _outcome(claim, ended, usage, settings.timeout_seconds)


async def _until_ended(
    process: TaskProcess, timeout_seconds: float | None, stop: asyncio.Event
) -> Interruption | None:
    ended = asyncio.create_task(process.wait())
    stopped = asyncio.create_task(stop.wait())
    first = asyncio.FIRST_COMPLETED
    await asyncio.wait({ended, stopped}, timeout=timeout_seconds, return_when=first)
    interruption = None
    if not ended.done():
        reason = Reason.TERMINATED if stopped.done() else Reason.DEADLINE_EXCEEDED
        interruption = Interruption(reason, time.monotonic())
        await _end(process, ended)
    stopped.cancel()
    return interruption


async def _end(process: TaskProcess, ended: asyncio.Task[None]) -> None:
    process.signal(signal.SIGTERM)
    await asyncio.wait({ended}, timeout=GRACE_SECONDS)
    process.signal(signal.SIGKILL)
    await ended


async def _leave_place(store: LoopStore, outcome: Outcome, attempts: int) -> None:
    """A job keeps its slot until its next attempt. Only of a history that answers: silence
    frees the slot as well."""
    try:
        if is_retried(outcome, attempts):
            kept = timedelta(seconds=retry_pause(attempts)) + START_TIME
            await store.extend_slots([outcome.attempt_id], datetime.now(UTC) + kept)
        else:
            await store.release_slots([outcome.attempt_id])
    except SchedulerError as error:
        say(f"the slot is free again when its time is over: {error}")


def _outcome(
    claim: Outcome, ended: ProcessEnd, usage: Usage, timeout_seconds: float | None
) -> Outcome:
    verdict = judge(ended, timeout_seconds)
    return replace(
        claim,
        status=verdict.status,
        reason=verdict.reason,
        error_message=verdict.error_message,
        traceback=verdict.traceback,
        result=verdict.result,
        completion_time=datetime.now(UTC),
        cpu_seconds=usage.cpu_seconds,
        peak_memory_bytes=usage.peak_memory_bytes,
    )


def _begun(outcome: Outcome, process: TaskProcess) -> Outcome:
    """What passed before the task's own code began is not its time: another may have ended then,
    whose place it took. A further attempt's time is also what it held back."""
    begun_at = process.task_started_at()
    if begun_at is None:
        return outcome
    return replace(outcome, start_time=datetime.fromtimestamp(begun_at, tz=UTC))


def _discard(process: TaskProcess) -> None:
    process.signal(signal.SIGKILL)
    process.reap()
    end_descendants()


def _tell(outcome: Outcome) -> None:
    if outcome.traceback:
        os.write(2, outcome.traceback.encode(errors="replace"))
    say(f"{outcome.task_id} {summary(outcome)}")
