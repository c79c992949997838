"""`python -m jvscheduler.runner`: one attempt, as the environment describes it.

The order matters. Signals are held back until somebody answers them. jvspatial
is imported once, before the fork, for both processes. The task's process is
forked before there is an event loop or a thread. And the process ends with
`os._exit`, whatever is still open: a pod that does not end blocks its task.
"""

import os
import signal
import sys
from functools import partial
from typing import Final, NoReturn

from jvscheduler.attempt.log import say
from jvscheduler.errors import InvalidSettings
from jvscheduler.runner.settings import Settings, read_settings

BROKEN: Final = 1


def main() -> NoReturn:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    code = BROKEN
    try:
        code = _attempt(read_settings())
    except InvalidSettings as error:
        say(str(error))
        code = os.EX_CONFIG
    finally:
        _exit(code)


def _attempt(settings: Settings) -> int:
    import asyncio  # noqa: PLC0415 - settings are read before anything is paid for

    from jvscheduler.attempt import kernel  # noqa: PLC0415
    from jvscheduler.attempt.child.main import run_task  # noqa: PLC0415
    from jvscheduler.attempt.process import TaskProcess  # noqa: PLC0415
    from jvscheduler.history.entities import binding  # noqa: F401, PLC0415 - for the task's process
    from jvscheduler.history.store.database import open_store  # noqa: PLC0415
    from jvscheduler.runner.supervisor import close, supervise  # noqa: PLC0415

    url = settings.database_url
    store = open_store(url, connections=1, create_indexes=False) if url else None
    kernel.adopt_orphans()
    process = TaskProcess(partial(run_task, settings.entrypoint, url))
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(supervise(settings, process, store))
    finally:
        loop.run_until_complete(close(store))


def _exit(code: int) -> NoReturn:
    error = sys.exc_info()[1]
    if error is not None and not isinstance(error, InvalidSettings):
        import traceback  # noqa: PLC0415

        traceback.print_exception(error)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
