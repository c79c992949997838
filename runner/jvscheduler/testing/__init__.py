"""In-memory parts for tests, also for tests of your own code. They need no server and no file.

```python
from jvspatial.core.context import GraphContext, set_default_context

from jvscheduler.testing import MemoryDatabase

set_default_context(GraphContext(MemoryDatabase()))
```

- `MemoryDatabase`: jvspatial's database, for functions that use entities.
- `MemoryHistory`: the store of job records, for code that takes a `HistoryStore` or `LoopStore`.
- `MemorySlots`: the concurrency slots alone.
- `run_task`: one job of a task, run as the scheduler runs it, and its record.
- `instants`: when a schedule is due in a month.

pytest finds the fixtures of `plugin` by itself.

A name is imported when it is first used: to import jvspatial takes half a second.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jvscheduler.testing.database import MemoryDatabase
    from jvscheduler.testing.history import MemoryHistory
    from jvscheduler.testing.periods import instants
    from jvscheduler.testing.runs import run_task
    from jvscheduler.testing.slots import MemorySlots

__all__ = ["MemoryDatabase", "MemoryHistory", "MemorySlots", "instants", "run_task"]

_MODULES: Final = {
    "MemoryDatabase": "database",
    "MemoryHistory": "history",
    "MemorySlots": "slots",
    "instants": "periods",
    "run_task": "runs",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
