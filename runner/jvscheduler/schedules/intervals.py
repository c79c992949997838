"""Intervals that no cron text says: fixed ones and random ones. Blind to time zones.

A fixed interval is due at the multiples of its length since the Unix epoch, so
every process and every restart counts alike. Weeks therefore begin on the
epoch's day of the week, Thursday, at 00:00 UTC.

A random interval must be the same wherever it is computed, and `next` must
answer for any instant without walking there from 1970. So time is cut into legs
of one length, each a row of delays that add up to exactly that: half of the
delays are drawn from the range, each drawn `d` has its mirror `low + high - d`
in the same leg, and the leg's order is shuffled. Every delay is then uniform
over the range, to the second, also the ones across the ends of legs; two of one
leg are all but independent. A leg's draws come from SHAKE-128 of the seed and
the leg's first scheduled time, not from Python's generator, whose results may
change with its version. Where the legs begin depends on the seed too, so tasks
that share a range do not run together.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256, shake_128
from itertools import accumulate
from typing import Final

LONGEST: Final = 3650 * 86400
"""Seconds; a longer interval has no use and would leave the calendar."""
_PAIRS: Final = 128
_WORD: Final = 8


@dataclass(frozen=True)
class Interval:
    """Seconds from one due instant to the next, at least and at most."""

    low: int
    high: int

    @property
    def mean(self) -> int:
        return (self.low + self.high) // 2

    def next(self, after: int, seed: str) -> int:
        """The first due instant above `after`, both in Unix seconds."""
        if self.low == self.high:
            return after - after % self.low + self.low
        return self._next_random(after, seed)

    def _next_random(self, after: int, seed: str) -> int:
        length = _PAIRS * (self.low + self.high)
        start = after - (after - _phase(seed, length)) % length
        instants = _leg(self.low, self.high, seed, start)
        return instants[bisect_right(instants, after)]


@lru_cache(maxsize=1024)
def _phase(seed: str, length: int) -> int:
    return int.from_bytes(sha256(f"{length}/{seed}".encode()).digest()) % length


@lru_cache(maxsize=256)
def _leg(low: int, high: int, seed: str, start: int) -> Sequence[int]:
    """The due instants from the leg's first one to the next leg's first one."""
    data = shake_128(f"{low}/{high}/{start}/{seed}".encode()).digest(3 * _PAIRS * _WORD)
    words = [int.from_bytes(data[i : i + _WORD]) for i in range(0, len(data), _WORD)]
    drawn = [low + word % (high - low + 1) for word in words[:_PAIRS]]
    delays = drawn + [low + high - delay for delay in drawn]
    order = sorted(range(len(delays)), key=words[_PAIRS:].__getitem__)
    return tuple(accumulate((delays[i] for i in order), initial=start))
