"""Schedules for decorated Python functions, on Kubernetes and on one machine.

Only what a module of tasks needs is here, and it is light: an application that
imports its tasks must not pay for the machinery that runs them.
"""

from jvscheduler.decorators import on_schedule
from jvscheduler.schedules import Schedule, parse_schedule
from jvscheduler.version import __version__

__all__ = ["Schedule", "__version__", "on_schedule", "parse_schedule"]
