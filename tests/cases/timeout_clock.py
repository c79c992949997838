"""Each body needs 1 s of its 3 s: all must complete. An import costs 0.6 s of CPU, as numpy's."""

import time

_end = time.process_time() + 0.6
while time.process_time() < _end:
    pass

from jvscheduler import on_schedule  # noqa: E402 - the import comes first, as it takes its time


def _body() -> int:
    time.sleep(1)
    return 1


@on_schedule("every 20 seconds", timeout_seconds=3)
def a() -> int:
    return _body()


@on_schedule("every 20 seconds", timeout_seconds=3)
def b() -> int:
    return _body()


@on_schedule("every 20 seconds", timeout_seconds=3)
def c() -> int:
    return _body()


@on_schedule("every 20 seconds", timeout_seconds=3)
def d() -> int:
    return _body()


@on_schedule("every 20 seconds", timeout_seconds=3)
def e() -> int:
    return _body()


@on_schedule("every 20 seconds", timeout_seconds=3)
def f() -> int:
    return _body()
