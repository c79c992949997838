"""How late jobs began, without keeping each: times of three significant digits are counted.

The percentiles of any number of jobs are then right to half a percent, in the
memory of a few thousand counters. The longest is kept as it is.
"""

from collections import Counter
from collections.abc import Sequence
from math import ceil
from typing import Final

PERCENTILES: Final[Sequence[int]] = (50, 90, 99)


class Lateness:
    """Seconds from a scheduled time to the first attempt's start."""

    def __init__(self) -> None:
        self._counts: Counter[float] = Counter()
        self.longest: float | None = None

    def add(self, seconds: float) -> None:
        self._counts[float(f"{seconds:.2e}")] += 1
        self.longest = seconds if self.longest is None else max(self.longest, seconds)

    def percentile(self, percent: int) -> float | None:
        """What so many percent of the jobs were not later than; None without a job."""
        left = ceil(self._counts.total() * percent / 100)
        for seconds in sorted(self._counts):
            left -= self._counts[seconds]
            if left <= 0:
                return seconds
        return None
