"""The decorator `on_schedule`, and the tasks that it attached.

`decorator` builds the task, `options`, `pods`, `templates` and `targets` check, `attached` keeps.
"""

from jvscheduler.decorators.attached import decorated, task_of, tasks_of, unnamed_in
from jvscheduler.decorators.decorator import Decorated, on_schedule
from jvscheduler.decorators.pods import Pod

__all__ = ["Decorated", "Pod", "decorated", "on_schedule", "task_of", "tasks_of", "unnamed_in"]
