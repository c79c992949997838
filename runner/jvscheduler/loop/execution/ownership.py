"""Says when this loop stops making attempts of a job: at a handover, or at its end."""

import asyncio

from jvscheduler.loop.recording.write_order import Turn


class Ownership:
    def __init__(self, turn: Turn, *, needs_claim: bool) -> None:
        """`turn`: when the due instant may be claimed. `needs_claim`: it has no record yet."""
        self._turn = turn
        self._needs_claim = needs_claim
        self._is_handed_over = False
        self.given_up = asyncio.Event()
        """Set when this loop makes no further attempt."""
        self.succeeded = asyncio.Event()
        """Set when another loop serves the task."""

    async def may_claim(self) -> bool:
        """Wait until what came due before has its record. False: the job was given up."""
        await self._turn.come()
        return not self.given_up.is_set()

    def hand_over(self, *, deleted: bool) -> None:
        """Another loop serves the task from now on, and makes the retries.

        `deleted`: none serves it any more.
        """
        self._is_handed_over = True
        if not deleted:
            self.succeeded.set()
        # An instant that came due here is claimed here all the same. A CronJob or another
        # definition serves the task now, and would leave the instant without a record.
        if not self._needs_claim:
            self.given_up.set()

    def give_up(self) -> None:
        """The loop ends."""
        self.succeeded.set()
        # The next loop of the task finds the instants that have no record. After a handover
        # there may be no such loop: then the instant is claimed here first.
        if not (self._needs_claim and self._is_handed_over):
            self.given_up.set()

    def on_claim(self) -> None:
        """The due instant has its record, whoever made it."""
        self._turn.end()
        self._needs_claim = False
        if self._is_handed_over:
            self.given_up.set()
