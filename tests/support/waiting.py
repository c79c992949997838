"""Waiting on a condition instead of on a clock."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(
    probe: Callable[[], T | None], what: str, timeout: float = 150, pause: float = 0.5
) -> T:
    """The first true value that `probe` gives, asked every `pause` seconds for `timeout` seconds.

    The default leaves room for a CronJob's next minute and a slow machine. A
    failed assertion in the probe counts as "not yet"; the last one is shown.
    """
    deadline = time.monotonic() + timeout
    last: object = None
    while time.monotonic() < deadline:
        try:
            last = value = probe()
            if value:
                return value
        except AssertionError as error:
            last = error
        time.sleep(pause)
    raise AssertionError(f"not within {timeout:g} s: {what}; last seen: {last!r}")
