"""Does to the worker what gevent's patch does, without gevent: SIGCHLD no longer wakes it."""

import signal

from jvscheduler import on_schedule

signal.signal(signal.SIGCHLD, signal.SIG_DFL)
signal.signal = lambda *_: None


@on_schedule("every 2 seconds")
def quick() -> int:
    return 1
