"""A module whose import takes longer than its task's limit."""

import time

time.sleep(1.5)


def task() -> None:
    """Take no time itself."""
