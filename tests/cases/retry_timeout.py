"""The second attempt needs 1 s of its 3 s; its delay before that must not count."""

import os
import time
from pathlib import Path

from jvscheduler import on_schedule

MARK = Path(os.environ.get("MARK", "retry_timeout.mark"))


@on_schedule("every 1 hour", retry_count=2, timeout_seconds=3)
def second_time_lucky() -> str:
    if not MARK.exists():
        MARK.touch()
        raise ValueError("the first attempt fails")
    time.sleep(1)
    return "ok"
