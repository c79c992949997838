"""The runner's own log lines: on stderr, one line each, apart from the task's output."""

import sys


def say(text: str) -> None:
    sys.stderr.write(f"jvscheduler: {text}\n")
    sys.stderr.flush()
