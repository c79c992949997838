"""How long to wait before the next try: longer each time, never quite the same.

The jitter keeps replicas and watches that failed together from coming back
together.
"""

from random import uniform


class Backoff:
    """Half to all of `first`, then twice as much each time, up to `longest` seconds."""

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0

    def next(self) -> float:
        whole = min(self._first * 2.0 ** min(self._failures, 32), self._longest)
        self._failures += 1
        return whole * uniform(0.5, 1.0)  # noqa: S311 - no secret depends on it

    def reset(self) -> None:
        self._failures = 0
