"""Counts the attempts of a server's own process, for `get_status`. The history counts them all."""

from collections import Counter
from typing import Any

from jvscheduler.outcomes import Outcome, Status


class Tally:
    def __init__(self) -> None:
        self._running: set[str] = set()
        self._ended: Counter[Status] = Counter()

    def count(self, attempt: Outcome) -> None:
        """When it begins, and when it has ended. What was skipped is none."""
        if attempt.status is Status.RUNNING:
            self._running.add(attempt.attempt_id)
        elif attempt.attempt_id in self._running:
            self._running.discard(attempt.attempt_id)
            self._ended[attempt.status] += 1

    def figures(self) -> dict[str, Any]:
        """`success_rate` is 0 to 1, as in jvspatial's own status."""
        successful, total = self._ended[Status.COMPLETED], self._ended.total()
        return {
            "running_tasks": len(self._running),
            "total_executions": total,
            "successful_executions": successful,
            "failed_executions": total - successful,
            "success_rate": successful / total if total else 0.0,
        }
