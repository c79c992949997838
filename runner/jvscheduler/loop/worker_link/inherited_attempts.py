"""Attempts that an earlier loop started and that the worker still has.

A loop that was killed leaves its attempts to the worker. The next loop on the same worker
counts them against the limits, and records their ends.
"""

from collections.abc import Mapping, Sequence

from jvscheduler.outcomes import Outcome


class InheritedAttempts:
    def __init__(self) -> None:
        self._claims: dict[str, Outcome] = {}
        """By the attempt's id."""

    def replace(self, claims: Mapping[str, Outcome]) -> None:
        self._claims = dict(claims)

    def remove(self, attempt_id: str) -> None:
        self._claims.pop(attempt_id, None)

    def attempt_ids(self) -> Sequence[str]:
        return list(self._claims)

    def job_ids(self) -> Sequence[str]:
        return list(dict.fromkeys(claim.job_id for claim in self._claims.values()))

    def job_ids_of(self, task: tuple[str, str]) -> Sequence[str]:
        """The jobs of a task; it is named by its namespace and its id."""
        claims = self._claims.values()
        jobs = (c.job_id for c in claims if (c.namespace, c.task_id) == task)
        return list(dict.fromkeys(jobs))

    def attempt_of(self, job_id: str) -> str | None:
        attempts = (
            attempt_id for attempt_id, claim in self._claims.items() if claim.job_id == job_id
        )
        return next(attempts, None)
