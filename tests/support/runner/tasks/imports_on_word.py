"""A module whose import ends when a file appears."""

import os
import time
from pathlib import Path

from tests.support.runner.tasks import WORD

while not Path(os.environ[WORD]).exists():
    time.sleep(0.01)


def returns() -> None:
    pass
