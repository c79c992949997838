"""`python -m jvscheduler.runner`: run the attempt that the environment describes.

The order matters:

1. Block SIGTERM and SIGINT until the supervisor can act on them.
2. Import jvspatial once, before the fork, for both processes.
3. Fork the child before there is an event loop or a thread.
4. End with `os._exit`, whatever is still open: a pod that does not end blocks its task.
"""

import os
import signal
import sys
from functools import partial
from typing import Final, NoReturn

from jvscheduler import kernel
from jvscheduler.attempt.log import log_by, say
from jvscheduler.attempt.packages import require_packages
from jvscheduler.errors import InvalidSettings
from jvscheduler.redaction import Redactor
from jvscheduler.runner.settings import Settings, read_log, read_settings

BROKEN: Final = 1
"""The exit code when the runner itself has failed."""


def main() -> NoReturn:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    code = BROKEN
    try:
        log = read_log()
        log_by(log)
        require_packages()
        code = _run(read_settings(), log.lines.redactor)
    except InvalidSettings as error:
        say(str(error))
        code = os.EX_CONFIG
    finally:
        _exit(code)


def _run(settings: Settings, redactor: Redactor) -> int:
    import asyncio  # noqa: PLC0415 - a pod with invalid settings fails before these imports

    from jvscheduler.attempt.child.calls import Callee  # noqa: PLC0415
    from jvscheduler.attempt.child.main import run_task  # noqa: PLC0415
    from jvscheduler.attempt.process import TaskProcess  # noqa: PLC0415
    from jvscheduler.history.entities import binding  # noqa: F401, PLC0415 - the child needs it
    from jvscheduler.history.store.database import open_runner_store  # noqa: PLC0415
    from jvscheduler.runner.supervisor import close, supervise  # noqa: PLC0415

    url = settings.database_url
    store = open_runner_store(url) if url else None
    kernel.adopt_orphans()
    callee = Callee(settings.entrypoint, settings.args, settings.no_retry_on)
    child = TaskProcess(partial(run_task, callee, url), redactor)
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(supervise(settings, child, store))
    finally:
        loop.run_until_complete(close(store))


def _exit(code: int) -> NoReturn:
    error = sys.exc_info()[1]
    if error is not None and not isinstance(error, InvalidSettings):
        import traceback  # noqa: PLC0415

        say("the runner has failed", "error", "".join(traceback.format_exception(error)))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
