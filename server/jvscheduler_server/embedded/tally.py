"""Counts the attempts of a server's own process, for `get_status`. The history counts them all."""

import signal
from collections import Counter
from typing import Any

from jvscheduler.loop.attempts import Attempt
from jvscheduler.loop.launcher import Launcher
from jvscheduler.outcomes import Outcome, Status


class Tally:
    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._running = 0
        self._ended: Counter[Status] = Counter()

    async def run(self, attempt: Attempt) -> Outcome | None:
        self._running += 1
        try:
            outcome = await self._launcher.run(attempt)
        finally:
            self._running -= 1
        if outcome is not None:
            self._ended[outcome.status] += 1
        return outcome

    def signal(self, number: signal.Signals) -> None:
        self._launcher.signal(number)

    def figures(self) -> dict[str, Any]:
        """`success_rate` is 0 to 1, as in jvspatial's own status."""
        successful = self._ended[Status.COMPLETED]
        failed = self._ended[Status.FAILED] + self._ended[Status.TIMEOUT]
        total = successful + failed
        return {
            "running_tasks": self._running,
            "total_executions": total,
            "successful_executions": successful,
            "failed_executions": failed,
            "success_rate": successful / total if total else 0.0,
        }
