"""Intervals that no cron text expresses, fixed and random. They do not depend on a time zone.

A fixed interval is due at the multiples of its length since the Unix epoch, so every process finds
the same instants, also after a restart. So weeks begin on the epoch's weekday, Thursday, at 00:00
UTC.

A random interval must give the same instants in every process too. And `next` must answer for any
instant without counting all delays since 1970. So time is divided into blocks of one length. Each
block is a list of delays that add up to exactly this length:

- Half of the delays are drawn from the range. For each drawn delay `d`, the block also has its
  mirror image `low + high - d`. Then the order is shuffled.
- So every delay is uniform over the range, to the second, also across the ends of blocks. Two
  delays of one block are almost independent.
- The draws of a block come from SHAKE-128 of the seed and the block's first instant. Python's own
  generator may give other results in another version.
- The position of the blocks depends on the seed too, so that tasks with the same range do not run
  together.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256, shake_128
from itertools import accumulate
from typing import Final

LONGEST: Final = 3650 * 86400
"""Seconds, ten years. A longer interval has no use, and would reach beyond the calendar."""
_PAIRS: Final = 128
"""Drawn delays in a block, each with its mirror image."""
_WORD: Final = 8
"""Bytes of randomness for each number: so many that `%` favours no delay in effect."""


@dataclass(frozen=True)
class Interval:
    """The seconds from one due instant to the next: `low` at least and `high` at most."""

    low: int
    high: int

    @property
    def mean(self) -> int:
        return (self.low + self.high) // 2

    def next(self, after: int, seed: str) -> int:
        """Return the first due instant after `after`, both in Unix seconds."""
        if self.low == self.high:
            return after - after % self.low + self.low
        return self._next_random(after, seed)

    def _next_random(self, after: int, seed: str) -> int:
        length = _PAIRS * (self.low + self.high)
        start = after - (after - _phase(seed, length)) % length
        # The block that contains `after` has a due instant above it: its last one begins the next
        # block.
        instants = _block(self.low, self.high, seed, start)
        return instants[bisect_right(instants, after)]


@lru_cache(maxsize=1024)
def _phase(seed: str, length: int) -> int:
    return int.from_bytes(sha256(f"{length}/{seed}".encode()).digest()) % length


@lru_cache(maxsize=256)
def _block(low: int, high: int, seed: str, start: int) -> Sequence[int]:
    """Return the due instants of a block, up to the first one of the next block."""
    data = shake_128(f"{low}/{high}/{start}/{seed}".encode()).digest(3 * _PAIRS * _WORD)
    # The first words are the draws; the others are the sort keys that shuffle the delays.
    words = [int.from_bytes(data[i : i + _WORD]) for i in range(0, len(data), _WORD)]
    drawn = [low + word % (high - low + 1) for word in words[:_PAIRS]]
    delays = drawn + [low + high - delay for delay in drawn]
    order = sorted(range(len(delays)), key=words[_PAIRS:].__getitem__)
    return tuple(accumulate((delays[i] for i in order), initial=start))
