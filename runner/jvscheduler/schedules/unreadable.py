"""The error for a text that the grammar refuses, with a text that may have been meant."""

from jvscheduler.errors import InvalidSchedule


class Unreadable(InvalidSchedule):
    """`corrected` is the text with the refused part replaced. It may be refused in turn."""

    def __init__(self, message: str, corrected: str) -> None:
        super().__init__(message)
        self.corrected = corrected
