"""Waits for a condition, and not for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(
    probe: Callable[[], T | None], what: str, timeout: float = 150, pause: float = 0.5
) -> T:
    """Call `probe` every `pause` seconds until it returns a true value, and return that.

    The default timeout is long enough for the next minute of a CronJob on a slow
    machine. A failed assertion in the probe means "not yet". After the timeout the
    last one is shown.
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
