"""Reads rows as a database holds them. A row that cannot be read is set aside, and fails no other.

Anything may stand in a row: a later version wrote it, a user's own code, or a hand. A row that
cannot be read becomes one with a `problem` and without a `context`. Only who decodes it gets an
error.
"""

import json
import logging
import math
from collections.abc import Callable, Iterable
from typing import Any, Final, NoReturn, TypeVar

from pydantic import ValidationError

from jvscheduler.edge.set_aside import SetAside
from jvscheduler.history.errors import UndecodableRecord
from jvscheduler.outcomes import MAX_DEPTH, clip, is_deeper

T = TypeVar("T")
Row = dict[str, Any]

ROW_DEPTH: Final = MAX_DEPTH + 10
"""Dicts and lists inside each other in a whole row. FastAPI writes 255, MongoDB keeps 100."""
_PROBLEM: Final = "problem"
_MAX_PROBLEM_BYTES: Final = 500

_MAY_BE_SURROGATE: Final = "\\ud"
"""Half a character, which Python reads and no answer of the API can be written with."""

log = logging.getLogger(__name__)
_set_aside: Final = SetAside("rows", log.warning)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{clip(text, 20)} is no number that JSON has")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


# Python reads NaN, and 1e999 as infinity. One of them in an answer of the API would fail all of it.
_DECODER: Final = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)


def row_of(row_id: Any, text: str) -> Row:
    """The row that a database holds as this JSON text."""
    try:
        row = _DECODER.decode(text)
        if _MAY_BE_SURROGATE in text.lower():
            json.dumps(row, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        return broken(row_id, f"it is no JSON that can be read: {error}")
    # Most rows are flat, and counting is faster than a look at every value.
    if text.count("[") + text.count("{") <= ROW_DEPTH and isinstance(row, dict):
        return row
    return checked(row_id, row)


def broken(row_id: Any, problem: str) -> Row:
    """The row that stands for one that cannot be read."""
    return {"id": str(row_id), _PROBLEM: problem}


def checked(row_id: Any, row: Any) -> Row:
    """The row, if it is one that every reader can read."""
    if not isinstance(row, dict):
        return broken(row_id, "it is no object")
    if is_deeper(row, ROW_DEPTH):
        return broken(row_id, f"it has more than {ROW_DEPTH} levels of objects and lists")
    return row


def context_of(row: Row) -> dict[str, Any]:
    """The entity's fields, with its id. Raises ValueError or KeyError."""
    if _PROBLEM in row and "context" not in row:
        raise ValueError(row[_PROBLEM])
    return {**row["context"], "id": row["id"]}


def undecodable(row: Row, entity: str, error: Exception) -> UndecodableRecord:
    """The error of a row that is no valid entity, in one line."""
    return UndecodableRecord(
        f"row {row.get('id')} is not a valid {entity}; repair or delete it ({problem_of(error)})"
    )


def problem_of(error: BaseException) -> str:
    if isinstance(error, ValidationError):
        first, *others = error.errors(include_url=False, include_context=False)
        where = ".".join(map(str, first["loc"])) or "all of it"
        more = f", and {len(others)} more" if others else ""
        text = f"{where}: {first['msg']}, not {first['input']!r:.100}{more}"
    else:
        text = f"{type(error).__name__}: {error}"
    return clip(" ".join(text.split()), _MAX_PROBLEM_BYTES)


def each_decoded(rows: Iterable[Row], decode: Callable[[Row], T]) -> tuple[list[T], list[str]]:
    """The decoded rows, and the ids of the others. The log names each of those once."""
    found: list[T] = []
    left_out: list[str] = []
    for row in rows:
        try:
            found.append(decode(row))
        except UndecodableRecord as error:
            left_out.append(str(row.get("id")))
            _set_aside.add(left_out[-1], str(error))
    return found, left_out
