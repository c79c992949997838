"""What the tasks themselves tell. The checker reads records only: that an attempt began twice, or
that one began of which the history has nothing, only the tasks can tell."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Testimony:
    begun: int
    begun_twice: Sequence[str]
    """Attempts."""
    unrecorded: Sequence[str]

    @property
    def is_good(self) -> bool:
        return not (self.begun_twice or self.unrecorded)

    def __str__(self) -> str:
        return (
            f"{self.begun} attempts began by the tasks' own account; "
            f"twice: {', '.join(self.begun_twice) or 'none'}; "
            f"without a record: {', '.join(self.unrecorded) or 'none'}"
        )


def testify(attempts: Iterable[str], recorded: Collection[str]) -> Testimony:
    """`attempts` are those that say that they began, as often as they say it."""
    begun = Counter(attempts)
    twice = [attempt for attempt, times in begun.items() if times > 1]
    return Testimony(begun.total(), twice, sorted(set(begun) - set(recorded)))
