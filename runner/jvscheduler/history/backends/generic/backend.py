"""A backend for jvspatial's other databases, such as one in memory.

Everything goes through jvspatial's own interface, row by row: right, but slow. It is for tests
and small histories; a URL never leads here.
"""

from typing import Any, Final

from jvscheduler.history.backends.backend import Backend
from jvscheduler.history.backends.database import COMMON_FAILURES, HistoryDatabase
from jvscheduler.history.backends.generic.rows import GenericRows
from jvscheduler.history.backends.generic.slots import GenericSlots
from jvscheduler.history.backends.generic.statements import GenericStatements
from jvscheduler.history.backends.limits import Limits
from jvscheduler.history.backends.url import DatabaseUrl


def _open(url: DatabaseUrl, _: Limits) -> HistoryDatabase:
    raise NotImplementedError(f"{url.backend} has no backend of its own")


def _url_of(_: Any) -> None:
    return None


def _slots(database: Any, collection: str) -> GenericSlots:
    return GenericSlots(GenericStatements(database, collection))


BACKEND: Final = Backend(
    open=_open,
    url_of=_url_of,
    rows=GenericRows,
    statements=GenericStatements,
    slots=_slots,
    failures=COMMON_FAILURES,
    refuses=lambda _: False,
)
