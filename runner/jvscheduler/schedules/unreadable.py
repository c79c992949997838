"""A text that the grammar refuses, and what its writer may have meant."""

from jvscheduler.errors import InvalidSchedule


class Unreadable(InvalidSchedule):
    """`mended` is the text with the refused part replaced; it may be refused in turn."""

    def __init__(self, message: str, mended: str) -> None:
        super().__init__(message)
        self.mended = mended
