"""The parts of a loop that every attempt uses."""

from collections.abc import Callable
from dataclasses import dataclass

from jvscheduler.loop.clock import Clock
from jvscheduler.loop.execution.slots import ConcurrencySlots
from jvscheduler.loop.recording.recorder import LoopRecorder
from jvscheduler.loop.worker_link.attempts import LoopAttempts
from jvscheduler.outcomes import Outcome


@dataclass(frozen=True)
class LoopIdentity:
    """Both names are in the records of the jobs that the loop runs."""

    loop: str
    node: str | None = None


def ignored(_: Outcome) -> None:
    """For a loop whose attempts nobody counts."""


@dataclass(frozen=True)
class Services:
    identity: LoopIdentity
    recorder: LoopRecorder
    slots: ConcurrencySlots
    attempts: LoopAttempts
    clock: Clock
    on_attempt: Callable[[Outcome], None] = ignored
    """Called with each attempt when it begins, and with its outcome."""
