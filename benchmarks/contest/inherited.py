"""The environment for a worker: this process's own, with the history's address."""

import os
from collections.abc import Mapping

from jvscheduler import environment


def worker_environ(url: str) -> Mapping[str, str]:
    return {**os.environ, environment.DATABASE_URL: url}
