"""Schedules for decorated Python functions, on Kubernetes and on one machine.

This package exports what a module of tasks needs and nothing else. It loads no
database, no web framework and no Kubernetes client, so that an application which
imports its tasks stays fast to start.
"""

import sys

# An image may have copied this package to an older Python, past pip's own check. Its first
# error would be a missing name of the standard library, which tells nobody what to do.
if sys.version_info < (3, 11):  # noqa: UP036
    raise ImportError(
        "jvscheduler needs Python 3.11 or newer, and this is Python " + sys.version.split()[0]
    )

from jvscheduler.decorators import Pod, on_schedule
from jvscheduler.errors import TaskTimeout
from jvscheduler.schedules import Schedule, parse_schedule
from jvscheduler.version import __version__

__all__ = ["Pod", "Schedule", "TaskTimeout", "__version__", "on_schedule", "parse_schedule"]
