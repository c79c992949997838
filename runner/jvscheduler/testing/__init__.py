"""In-memory parts for tests, also for tests of your own code. They need no server and no file.

```python
from jvspatial.core.context import GraphContext, set_default_context

from jvscheduler.testing import MemoryDatabase

set_default_context(GraphContext(MemoryDatabase()))
```

- `MemoryDatabase`: jvspatial's database, for functions that use entities.
- `MemoryHistory`: the store of job records, for code that takes a `HistoryStore` or `LoopStore`.
- `MemorySlots`: the concurrency slots alone.

A name is imported when it is first used: to import jvspatial takes half a second.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jvscheduler.testing.database import MemoryDatabase
    from jvscheduler.testing.history import MemoryHistory
    from jvscheduler.testing.slots import MemorySlots

__all__ = ["MemoryDatabase", "MemoryHistory", "MemorySlots"]

_MODULES: Final = {
    "MemoryDatabase": "database",
    "MemoryHistory": "history",
    "MemorySlots": "slots",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
