"""How every database fails: jvspatial has two errors of its own, the network has its own too."""

from typing import Final

from jvspatial.db.database import DatabaseError
from jvspatial.exceptions import DatabaseError as OperationFailed

COMMON_FAILURES: Final[tuple[type[Exception], ...]] = (
    OSError,
    TimeoutError,
    DatabaseError,
    OperationFailed,
)
