"""Discovery finds the tasks in a user's modules.

Importing a module runs its code. So modules are imported in a process of their
own, with a time limit: a module that hangs, exits or prints causes a clear error
and does no harm to the process that asks.

The tasks of a module are the decorated functions among its attributes, whether
it defines or imports them. A task that several modules have counts once.
"""

from jvscheduler.discovery.choice import choose
from jvscheduler.discovery.process import (
    Discovery,
    discover,
    discover_tasks_and_files,
    import_process,
)

__all__ = ["Discovery", "choose", "discover", "discover_tasks_and_files", "import_process"]
