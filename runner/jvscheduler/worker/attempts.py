"""The attempts that the worker has, each from its `Start` until its end is acknowledged."""

import time
import uuid
from functools import partial
from pathlib import Path
from typing import Final

from jvscheduler import environment, kernel
from jvscheduler.attempt.process import Usage
from jvscheduler.attempt.verdict import Verdict, judge
from jvscheduler.outcomes import Reason, Status
from jvscheduler.redaction import Redactor, secret_values
from jvscheduler.worker.child import run_attempt
from jvscheduler.worker.effects.imports import ImportedModules
from jvscheduler.worker.log import Log
from jvscheduler.worker.messages import Ended, Hello, SendAnswer, Start
from jvscheduler.worker.output import Output
from jvscheduler.worker.processes import ChildProcess, ChildProcesses


class WorkerAttempt:
    """An attempt that has not ended. Its child is None when no process could be forked for it."""

    def __init__(
        self, start: Start, output: Output, child: ChildProcess | None, fork_error: str = ""
    ) -> None:
        self.start = start
        self.output = output
        self.child = child
        self.fork_error = fork_error
        self.released_at: float | None = None
        """When the task may begin, in Unix seconds; None while its gate is closed."""
        self.usage: Usage | None = None
        """None until the child has ended."""
        self._oom_kills_before = 0

    @property
    def running_child(self) -> ChildProcess | None:
        return self.child if self.usage is None else None

    def release(self, after_seconds: float, oom_kills: int) -> None:
        """Let the task begin after so many seconds. `oom_kills` is the container's count now."""
        self.released_at = time.time() + after_seconds
        self._oom_kills_before = oom_kills
        if self.running_child is not None:
            self.running_child.release(self.start.timeout_seconds, after_seconds)

    def end(self, usage: Usage) -> None:
        """Note that the child has ended."""
        self.usage = usage

    def started_at(self) -> float:
        """Return when the task's own code began. If it never did, it would have by now."""
        started_at = self.child.task_started_at() if self.child is not None else None
        # It may have been stopped while it waited for its jitter: no attempt begins after its end.
        return started_at or min(self.released_at or 0.0, time.time())

    def ended_at(self) -> float:
        """Return when it ended, if that is now."""
        ended_at = self.child.task_ended_at() if self.child is not None else time.time()
        # An attempt that was stopped at its gate ends before it could have begun.
        return max(ended_at, self.started_at())

    def verdict(self, oom_counter: Path | None) -> Verdict:
        if self.child is None or self.usage is None:
            return Verdict(Status.FAILED, Reason.CRASHED, self.fork_error)
        # The count is the whole container's. It is read only for a child that a signal has
        # killed: if another attempt ran out of memory, this one did not.
        killed = self.usage.exit_code < 0
        kills = kernel.read_oom_kills(oom_counter) - self._oom_kills_before if killed else 0
        return judge(self.child.end(self.usage, kills), self.start.timeout_seconds)


class WorkerAttempts:
    """Carries out the loop's orders about attempts, and sends the loop their ends."""

    def __init__(
        self,
        children: ChildProcesses,
        modules: ImportedModules,
        send: SendAnswer,
        log: Log,
        database_url: str | None,
    ) -> None:
        self._children = children
        self._modules = modules
        self._send = send
        self._log = log
        self._database_url = database_url
        self._oom_counter: Final = kernel.find_oom_counter()
        self._worker_id: Final = uuid.uuid4().hex
        self._attempts: dict[str, WorkerAttempt] = {}
        """The attempts that have not ended, by id."""
        self._unacknowledged: dict[str, Ended] = {}
        """Ended attempts by id. Each loop that connects gets them, until one acknowledges them."""

    @property
    def has_none(self) -> bool:
        """True when no attempt is left that has not ended."""
        return not self._attempts

    @property
    def all_acknowledged(self) -> bool:
        """True when every attempt has ended and the loop has recorded each end."""
        return not self._attempts and not self._unacknowledged

    def start(self, start: Start) -> None:
        attempt_id = start.run_id
        # A loop may repeat an order. A second child would run the task twice.
        if attempt_id in self._attempts or attempt_id in self._unacknowledged:
            return
        owner = f"{start.claim.get('task_id', '-')} {attempt_id}"
        output = Output(owner, self._log, self._redactor_of(start))
        imports = self._modules.for_run(start.entrypoint.partition(":")[0])
        child_main = partial(run_attempt, start, imports, self._database_url)
        child, fork_error = None, ""
        try:
            child = self._children.fork(child_main, output, partial(self._on_ended, attempt_id))
        except OSError as error:
            fork_error = f"no process could be started for the task: {error}"
            self._log.say(fork_error)
        self._attempts[attempt_id] = WorkerAttempt(start, output, child, fork_error)

    def _redactor_of(self, start: Start) -> Redactor:
        # In a cluster the pod has the secrets, and this process with it. On a developer's machine
        # they come with the order.
        known = self._log.redactor
        if environment.SECRET_VARIABLES not in start.environ:
            return known
        return known.knowing(secret_values(start.environ))

    def go(self, attempt_id: str, after_seconds: float) -> None:
        """Let the task begin after so many seconds."""
        attempt = self._attempts.get(attempt_id)
        if attempt is None or attempt.released_at is not None:
            return
        ended_at_its_gate = attempt.running_child is None
        attempt.release(after_seconds, kernel.read_oom_kills(self._oom_counter))
        if ended_at_its_gate:
            self._finish(attempt)

    def discard(self, attempt_id: str) -> None:
        """Kill an attempt whose task may not begin yet. Its end is not sent."""
        attempt = self._attempts.get(attempt_id)
        if attempt is not None and attempt.released_at is None:
            del self._attempts[attempt_id]
            if attempt.running_child is not None:
                attempt.running_child.kill()

    def discard_all(self) -> None:
        """Discard every attempt whose task may not begin yet; the others go on."""
        for attempt_id in list(self._attempts):
            self.discard(attempt_id)

    def stop(self, attempt_id: str, reason: Reason) -> None:
        """Ask the child to end. If its task may not begin yet, its end is sent when `go` comes."""
        attempt = self._attempts.get(attempt_id)
        if attempt is not None and attempt.running_child is not None:
            attempt.running_child.stop(reason)

    def stop_all(self, reason: Reason) -> None:
        self.discard_all()
        for attempt_id in list(self._attempts):
            self.stop(attempt_id, reason)

    def acknowledge(self, attempt_id: str) -> None:
        self._unacknowledged.pop(attempt_id, None)

    def greet(self) -> None:
        """Send a new loop what this worker has from before: what runs, and what has ended."""
        running = {k: a.start.claim for k, a in self._attempts.items() if a.released_at}
        ended = {attempt_id: end.claim for attempt_id, end in self._unacknowledged.items()}
        self._send(Hello(self._worker_id, {**ended, **running}))
        for end in self._unacknowledged.values():
            self._send(end)

    def _on_ended(self, attempt_id: str, child: ChildProcess, usage: Usage) -> None:
        attempt = self._attempts.get(attempt_id)
        # A discarded attempt's id may have been given to a new one, with another child.
        if attempt is None or attempt.child is not child:
            return
        attempt.end(usage)
        if attempt.released_at is not None:
            self._finish(attempt)

    def _finish(self, attempt: WorkerAttempt) -> None:
        end = _ended(attempt, attempt.verdict(self._oom_counter))
        # An attempt that was asked to end has no error of its own.
        if end.reason not in (Reason.TERMINATED, Reason.REPLACED):
            attempt.output.show(end.traceback or "")
        del self._attempts[end.run_id]
        self._unacknowledged[end.run_id] = end
        self._send(end)


def _ended(attempt: WorkerAttempt, verdict: Verdict) -> Ended:
    start, usage = attempt.start, attempt.usage
    return Ended(
        run_id=start.run_id,
        claim=start.claim,
        started_at=attempt.started_at(),
        ended_at=attempt.ended_at(),
        status=verdict.status,
        reason=verdict.reason,
        error_message=verdict.error_message,
        traceback=verdict.traceback,
        result=verdict.result,
        cpu_seconds=usage.cpu_seconds if usage else None,
        peak_memory_bytes=usage.peak_memory_bytes if usage else None,
        log_tail=attempt.output.tail(),
        is_last=verdict.is_last,
    )
