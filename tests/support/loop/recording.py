"""The parts of a loop that write to the history, put together as `Loop` does it."""

from dataclasses import dataclass

from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.loop.execution.slots import ConcurrencySlots
from jvscheduler.loop.recording.guarded_history import GuardedHistory
from jvscheduler.loop.recording.recorder import LoopRecorder
from jvscheduler.loop.recording.spool import Spool
from jvscheduler.loop.replay import Replay
from jvscheduler.loop.takeover.spooled import SpooledTakeovers
from jvscheduler.loop.worker_link.inherited_attempts import InheritedAttempts
from tests.support.loop.parts import SteppedClock


@dataclass(frozen=True)
class Recording:
    history: GuardedHistory
    recorder: LoopRecorder
    slots: ConcurrencySlots
    replay: Replay


def recording(store: LoopStore, spool: Spool) -> Recording:
    clock = SteppedClock()
    history = GuardedHistory(store, clock, is_away=not spool.is_empty)
    slots = ConcurrencySlots(history, InheritedAttempts(), clock)
    replay = Replay(history, spool, slots, SpooledTakeovers(spool), clock)
    return Recording(history, LoopRecorder(history, spool), slots, replay)
