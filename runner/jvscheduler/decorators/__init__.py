"""The decorator `on_schedule`, and the tasks that it attached.

`decorator` builds the task, `options` and `targets` check, `attached` keeps.
"""

from jvscheduler.decorators.attached import decorated, task_of, tasks_of, unnamed_in
from jvscheduler.decorators.decorator import Decorated, on_schedule

__all__ = ["Decorated", "decorated", "on_schedule", "task_of", "tasks_of", "unnamed_in"]
