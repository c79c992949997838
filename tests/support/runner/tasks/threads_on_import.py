"""A module that starts a thread when imported."""

import threading
import time

threading.Thread(target=time.sleep, args=(600,), daemon=True).start()


def task() -> int:
    return threading.active_count()
