"""What the tasks do. Each attempt says that it began, in a file that no database can lose."""

import os
import time
from pathlib import Path
from typing import Final

from jvscheduler import environment

BEGUN: Final = "begun"


def quick() -> str:
    _say_begun()
    return "done"


def long() -> None:
    _say_begun()
    time.sleep(2.5)


def longer() -> None:
    _say_begun()
    time.sleep(8)


def fails() -> None:
    _say_begun()
    raise ValueError("no stock")


def _say_begun() -> None:
    attempt = os.environ[environment.POD_NAME]
    with Path(os.environ[environment.WORKER_SOCKET]).with_name(BEGUN).open("a") as file:
        file.write(f"{attempt}\n")
