"""The decorator `on_schedule`, and the tasks that it attached.

`decorator` builds the task, `options`, `pods`, `templates` and `targets` check, `stated` tells
what the caller has said, `attached` keeps.
"""

from jvscheduler.decorators.attached import decorated, task_of, tasks_of, unnamed_in
from jvscheduler.decorators.decorator import Decorated, on_schedule, options_of, restated
from jvscheduler.decorators.pods import Pod
from jvscheduler.decorators.templates import template_of

__all__ = [
    "Decorated",
    "Pod",
    "decorated",
    "on_schedule",
    "options_of",
    "restated",
    "task_of",
    "tasks_of",
    "template_of",
    "unnamed_in",
]
