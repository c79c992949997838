"""Acts on what the worker reports: ends of attempts, and which attempts it has.

The worker has imported the user's code, so that its reports may say anything. They name an attempt;
the loop's own memory says which job that is. The claims that a worker sends back are not read.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from jvscheduler.edge.set_aside import SetAside
from jvscheduler.loop.background import Background
from jvscheduler.loop.execution.outcomes import outcome_of_end
from jvscheduler.loop.execution.slots import ConcurrencySlots
from jvscheduler.loop.log import say, say_problem
from jvscheduler.loop.recording.recorder import LoopRecorder
from jvscheduler.loop.worker_link.attempts import LoopAttempts
from jvscheduler.loop.worker_link.claim_memory import ClaimMemory
from jvscheduler.loop.worker_link.inherited_attempts import InheritedAttempts
from jvscheduler.outcomes import Outcome, one_line
from jvscheduler.worker.messages import Ended, Prepared

_UNKNOWN: Final = "this loop has let no such attempt go"
_MOST_MODULES: Final = 100
"""Modules that one report may name in the log."""


class WorkerListener:
    def __init__(
        self,
        attempts: LoopAttempts,
        inherited: InheritedAttempts,
        memory: ClaimMemory,
        recorder: LoopRecorder,
        slots: ConcurrencySlots,
    ) -> None:
        self._attempts = attempts
        self._inherited = inherited
        self._memory = memory
        self._recorder = recorder
        self._slots = slots
        self._recording = Background()
        self._set_aside = SetAside("attempts of the worker", say_problem)

    def on_hello(self, worker_id: str, running: Mapping[str, Mapping[str, Any]]) -> None:
        self._attempts.on_worker(worker_id)
        own = set(self._attempts.let_go_ids())
        self._memory.keep_only(own | running.keys())
        claims = {attempt_id: self._memory.get(attempt_id) for attempt_id in running.keys() - own}
        self._inherited.replace({k: claim for k, claim in claims.items() if claim is not None})
        for attempt_id in (k for k, claim in claims.items() if claim is None):
            self._set_aside.add(attempt_id, _UNKNOWN)

    def on_prepared(self, prepared: Prepared) -> None:
        for module, problem in islice(prepared.failed.items(), _MOST_MODULES):
            text = f"{one_line(module)} is imported anew by each attempt, which takes longer"
            say(f"{text}: {one_line(problem)}")

    def on_ended(self, ended: Ended) -> None:
        if self._attempts.on_end(ended):
            return
        claim = self._memory.get(ended.run_id)
        if claim is None:
            if not self._memory.was_removed(ended.run_id):
                self._set_aside.add(ended.run_id, _UNKNOWN)
            # It was recorded, or it is no attempt of this loop. The worker may forget it.
            self._attempts.finish(ended.run_id)
            return
        try:
            outcome = outcome_of_end(claim, ended)
        except ValueError as error:
            # It is not acknowledged: the worker keeps it, and reports it to the next loop too.
            self._set_aside.add(
                ended.run_id, f"its end is not recorded, and stays with the worker: {error}"
            )
        else:
            self._recording.start(self._record_inherited(ended.run_id, outcome))

    def on_lost(self) -> None:
        """Nothing is decided yet. The next hello says whether the worker lives on."""

    async def _record_inherited(self, attempt_id: str, outcome: Outcome) -> None:
        # If the loop is killed before `finish`, the worker reports the end to the next loop.
        # Recording it twice changes nothing.
        await self._recorder.record(outcome)
        self._attempts.finish(attempt_id)
        await self._slots.free(outcome.job_id)
