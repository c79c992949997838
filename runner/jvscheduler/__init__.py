"""Schedules for decorated Python functions, on Kubernetes and on one machine.

This package exports what a module of tasks needs and nothing else. It loads no
database, no web framework and no Kubernetes client, so that an application which
imports its tasks stays fast to start.
"""

from jvscheduler.decorators import on_schedule
from jvscheduler.errors import TaskTimeout
from jvscheduler.schedules import Schedule, parse_schedule
from jvscheduler.version import __version__

__all__ = ["Schedule", "TaskTimeout", "__version__", "on_schedule", "parse_schedule"]
