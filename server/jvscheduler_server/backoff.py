"""The pause before the next try: longer after each failure, and random.

It is random so that replicas and watches that failed together do not all retry together.
"""

from random import uniform


class Backoff:
    """Pauses of `first` seconds, doubled each time up to `longest`; each is cut by up to half."""

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0

    def next(self) -> float:
        """Return the next pause in seconds."""
        whole = min(self._first * 2.0 ** min(self._failures, 32), self._longest)
        self._failures += 1
        return whole * uniform(0.5, 1.0)  # noqa: S311 - no secret depends on it

    def reset(self) -> None:
        self._failures = 0
