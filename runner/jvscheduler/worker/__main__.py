"""`python -m jvscheduler.worker`: serve one loop until SIGTERM.

Every module that each attempt needs is imported here, once, before the first fork. The process
ends with `os._exit`, because exit handlers that an imported application has registered are not the
worker's to run.
"""

import os
import sys
from typing import NoReturn

from jvscheduler import kernel
from jvscheduler.attempt.log import say
from jvscheduler.attempt.packages import require_packages
from jvscheduler.errors import InvalidSettings
from jvscheduler.worker.settings import read_settings


def main(parent: kernel.EndDescriptor | None = None) -> NoReturn:
    """`parent` is the parent's end, where it has to be watched."""
    try:
        require_packages()
        settings = read_settings()
    except InvalidSettings as error:
        say(str(error))
        os._exit(os.EX_CONFIG)
    from jvscheduler.worker.connection import listen  # noqa: PLC0415 - once the settings are good
    from jvscheduler.worker.imports import freeze_heap  # noqa: PLC0415
    from jvscheduler.worker.serve import Worker  # noqa: PLC0415

    kernel.adopt_orphans()
    freeze_heap()
    Worker(settings, listen(settings.socket), parent).serve()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
