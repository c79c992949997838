"""The environment of this process as a worker gets it, with the history's address."""

import os
from collections.abc import Mapping

from jvscheduler import environment


def worker_environ(url: str) -> Mapping[str, str]:
    return {**os.environ, environment.DATABASE_URL: url}
