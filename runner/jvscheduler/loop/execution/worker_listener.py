"""Acts on what the worker reports: ends of attempts, and which attempts it has."""

from collections.abc import Mapping
from typing import Any

from jvscheduler.edge.outcomes import from_json
from jvscheduler.loop.background import Background
from jvscheduler.loop.execution.outcomes import outcome_of_end
from jvscheduler.loop.execution.slots import ConcurrencySlots
from jvscheduler.loop.log import Event, say
from jvscheduler.loop.recording.recorder import LoopRecorder
from jvscheduler.loop.worker_link.attempts import LoopAttempts
from jvscheduler.loop.worker_link.inherited_attempts import InheritedAttempts
from jvscheduler.outcomes import Outcome
from jvscheduler.worker.messages import Ended, Prepared


class WorkerListener:
    def __init__(
        self,
        attempts: LoopAttempts,
        inherited: InheritedAttempts,
        recorder: LoopRecorder,
        slots: ConcurrencySlots,
    ) -> None:
        self._attempts = attempts
        self._inherited = inherited
        self._recorder = recorder
        self._slots = slots
        self._recording = Background()

    def on_hello(self, worker_id: str, running: Mapping[str, Mapping[str, Any]]) -> None:
        self._attempts.on_worker(worker_id)
        unknown = {k: v for k, v in running.items() if not self._attempts.is_let_go(k)}
        self._inherited.replace(_claims(unknown))

    def on_prepared(self, prepared: Prepared) -> None:
        for module, problem in prepared.failed.items():
            say(f"{module} is imported anew by each attempt, which takes longer: {problem}")

    def on_ended(self, ended: Ended) -> None:
        if self._attempts.on_end(ended):
            return
        try:
            outcome = outcome_of_end(from_json(ended.claim), ended)
        except ValueError as error:
            # It is not acknowledged: the worker keeps it, and reports it to the next loop too.
            say(
                f"the end of the attempt {ended.run_id} of an earlier loop is not recorded, and "
                f"stays with the worker: {error}",
                Event.PROBLEM,
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


def _claims(running: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Outcome]:
    """The claims that can be read. One that cannot is set aside, and spoils no other."""
    claims: dict[str, Outcome] = {}
    for attempt_id, claim in running.items():
        try:
            claims[attempt_id] = from_json(claim)
        except ValueError as error:
            say(
                f"the attempt {attempt_id} of an earlier loop is not counted: {error}",
                Event.PROBLEM,
            )
    return claims
