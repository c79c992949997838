"""One task for each backend."""

import sys

from jvscheduler import on_schedule


@on_schedule("every minute")
def count() -> str:
    return sys.executable


@on_schedule("every 10 seconds")
def beat() -> str:
    return sys.executable
