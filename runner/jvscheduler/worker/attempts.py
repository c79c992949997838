"""The runs that this worker has in hand, by what the loop has told it of each."""

import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from jvscheduler.attempt.memory import count, find_counter
from jvscheduler.attempt.process import Usage
from jvscheduler.attempt.verdict import Verdict, judge
from jvscheduler.outcomes import Reason, Status
from jvscheduler.worker.child import run
from jvscheduler.worker.log import Log
from jvscheduler.worker.messages import Ended, Hello, Report, Start
from jvscheduler.worker.output import Output
from jvscheduler.worker.processes import Child, Children

Send = Callable[[Report], None]


class Run:
    """`child` is None when there was no process to be had for it."""

    def __init__(self, start: Start, output: Output) -> None:
        self.start = start
        self.output = output
        self.child: Child | None = None
        self.failure = ""
        self.let_go_at: float | None = None
        self.usage: Usage | None = None
        self.oom_kills_before = 0

    def started_at(self) -> float:
        """When it was let go, if its own code never began."""
        begun_at = self.child.begun_at() if self.child is not None else None
        return begun_at or self.let_go_at or 0.0

    def verdict(self, oom_counter: Path | None) -> Verdict:
        if self.child is None or self.usage is None:
            return Verdict(Status.FAILED, Reason.CRASHED, self.failure)
        killed = self.usage.exit_code < 0
        kills = count(oom_counter) - self.oom_kills_before if killed else 0
        return judge(self.child.end(self.usage, kills), self.start.timeout_seconds)


class Runs:
    def __init__(self, children: Children, send: Send, log: Log, database_url: str | None) -> None:
        self._children = children
        self._send = send
        self._log = log
        self._database_url = database_url
        self._oom_counter: Final = find_counter()
        self._worker_id: Final = uuid.uuid4().hex
        self._runs: dict[str, Run] = {}
        self._ends: dict[str, Ended] = {}
        """Not acknowledged."""

    @property
    def is_idle(self) -> bool:
        return not self._runs

    @property
    def is_settled(self) -> bool:
        return not self._runs and not self._ends

    def start(self, start: Start) -> None:
        if start.run_id in self._runs or start.run_id in self._ends:
            return
        made = Run(start, Output(str(start.claim.get("task_id", start.run_id)), self._log))
        self._runs[start.run_id] = made
        life = partial(run, start, self._database_url)
        on_ended = partial(self._ended, made)
        try:
            made.child = self._children.fork(life, made.output, on_ended)
        except OSError as error:
            made.failure = f"no process could be started for the task: {error}"
            self._log.say(made.failure)

    def go(self, run_id: str, after_seconds: float) -> None:
        made = self._runs.get(run_id)
        if made is None or made.let_go_at is not None:
            return
        made.let_go_at = time.time() + after_seconds
        made.oom_kills_before = count(self._oom_counter)
        if made.child is None or made.usage is not None:
            self._tell_end(made)
        else:
            made.child.go(made.start.timeout_seconds, after_seconds)

    def discard(self, run_id: str) -> None:
        made = self._runs.get(run_id)
        if made is not None and made.let_go_at is None:
            del self._runs[run_id]
            if made.child is not None and made.usage is None:
                made.child.kill()

    def discard_all(self) -> None:
        """That have not been let go."""
        for run_id in list(self._runs):
            self.discard(run_id)

    def stop(self, run_id: str, reason: Reason) -> None:
        """One that has not been let go is told to end all the same; `go` then tells its end."""
        made = self._runs.get(run_id)
        if made is not None and made.child is not None and made.usage is None:
            made.child.stop(reason)

    def stop_all(self, reason: Reason) -> None:
        self.discard_all()
        for run_id in list(self._runs):
            self.stop(run_id, reason)

    def acknowledge(self, run_id: str) -> None:
        self._ends.pop(run_id, None)

    def greet(self) -> None:
        running = {k: made.start.claim for k, made in self._runs.items() if made.let_go_at}
        ended = {run_id: end.claim for run_id, end in self._ends.items()}
        self._send(Hello(self._worker_id, {**ended, **running}))
        for end in self._ends.values():
            self._send(end)

    def _ended(self, made: Run, usage: Usage) -> None:
        made.usage = usage
        if self._runs.get(made.start.run_id) is not made:  # discarded
            made.child = None
        elif made.let_go_at is not None:
            self._tell_end(made)

    def _tell_end(self, made: Run) -> None:
        start, usage = made.start, made.usage
        verdict = made.verdict(self._oom_counter)
        end = Ended(
            run_id=start.run_id,
            claim=start.claim,
            started_at=made.started_at(),
            ended_at=time.time(),
            status=verdict.status,
            reason=verdict.reason,
            error_message=verdict.error_message,
            traceback=verdict.traceback,
            result=verdict.result,
            cpu_seconds=usage.cpu_seconds if usage else None,
            peak_memory_bytes=usage.peak_memory_bytes if usage else None,
            log_tail=made.output.tail(),
        )
        made.output.show(verdict.traceback or "")
        made.child = None  # else the two keep each other, and the memory of the board
        del self._runs[start.run_id]
        self._ends[start.run_id] = end
        self._send(end)
