"""Says when this loop stops making attempts of a job: at a handover, or at its end."""

import asyncio


class Ownership:
    def __init__(self, *, needs_claim: bool) -> None:
        """`needs_claim`: the job's due instant has no record yet."""
        self._needs_claim = needs_claim
        self._is_handed_over = False
        self.given_up = asyncio.Event()
        """Set when this loop makes no further attempt."""

    def hand_over(self) -> None:
        """Another loop serves the task from now on, and makes the retries."""
        self._is_handed_over = True
        # An instant that came due here is claimed here all the same. A CronJob or another
        # definition serves the task now, and would leave the instant without a record.
        if not self._needs_claim:
            self.given_up.set()

    def give_up(self) -> None:
        """The loop ends."""
        # The next loop of the task finds the instants that have no record. After a handover
        # there may be no such loop: then the instant is claimed here first.
        if not (self._needs_claim and self._is_handed_over):
            self.given_up.set()

    def on_claim(self) -> None:
        """The due instant has its record, whoever made it."""
        self._needs_claim = False
        if self._is_handed_over:
            self.given_up.set()
