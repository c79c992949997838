"""A module that catches the SystemExit of a stop, and goes on with its import."""

import contextlib
import time

print("importing", flush=True)
with contextlib.suppress(SystemExit):
    time.sleep(600)


def task() -> None:
    print("ran")
