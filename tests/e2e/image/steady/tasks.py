"""What runs while faults happen.

Each attempt says that it began in a file, which no part that fails can lose: that one
began twice, or without a record, only the tasks can tell.
"""

import os
import time
from pathlib import Path
from typing import Final

from jvscheduler.environment import POD_NAME

BEGUN: Final = Path("/begun/attempts")
"""On a volume that all pods share."""


def quick() -> str:
    _say_begun()
    return "done"


def brief() -> None:
    _say_begun()
    time.sleep(4)


def long() -> None:
    _say_begun()
    time.sleep(35)


def longer() -> None:
    _say_begun()
    time.sleep(75)


def fails() -> None:
    _say_begun()
    raise ValueError("no stock")


def _say_begun() -> None:
    with BEGUN.open("a") as file:
        file.write(f"{os.environ[POD_NAME]}\n")
