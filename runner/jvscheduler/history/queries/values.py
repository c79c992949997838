"""The stored form of values: as JSON, and as a query compares with it."""

import math
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from pydantic_core import to_jsonable_python

from jvscheduler.history.errors import InvalidQuery
from jvscheduler.history.queries.conditions import Field, Kind, Scalar
from jvscheduler.history.queries.limits import shown
from jvscheduler.history.times import from_timestamp, to_text
from jvscheduler.outcomes import MAX_DEPTH, clean, is_deeper

_UNKNOWN: Final = object()
"""Stands for a value that has no plain JSON form."""


def storable(value: Any) -> Any:
    """The value as JSON: times as text of one width, texts without NUL.

    Raises InvalidQuery for a value that a database or a reader could not take.
    """
    check_depth(value)
    return _stored(value)


def check_depth(value: Any) -> None:
    if is_deeper(value, MAX_DEPTH):
        raise InvalidQuery(f"a value may have at most {MAX_DEPTH} levels of dicts and lists")


def _stored(value: Any) -> Any:
    plain = _plain(value)
    if plain is not _UNKNOWN:
        return plain
    if isinstance(value, Mapping):
        return {clean(str(key)): _stored(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_stored(item) for item in value]
    try:
        jsonable = to_jsonable_python(value)
    except (ValueError, RecursionError) as error:
        kind = type(value).__name__
        raise InvalidQuery(f"a value of type {kind} cannot be stored; give one of JSON") from error
    return _stored(jsonable)


def comparable(field: Field, value: Any) -> Scalar:
    """The value as the field's stored values compare with it. The caller handles None itself."""
    if field.kind is Kind.TIME:
        return _time(field, value)
    plain = _plain(
        str(value) if isinstance(value, UUID | date) and not isinstance(value, datetime) else value
    )
    if isinstance(plain, str | bool | int | float):
        return plain
    raise InvalidQuery(
        f"{field.path} cannot be compared with {shown(value)}; "
        "give a text, a number, a boolean, a datetime or None"
    )


def _plain(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Decimal | float):
        return _finite(float(value))
    return _with_float(value) if isinstance(value, int) else _UNKNOWN


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise InvalidQuery(f"{value} cannot be stored: JSON has no such number; use None")
    return value


def _with_float(value: int) -> int:
    """A larger number than any float could be written on one database and not on another."""
    try:
        float(value)
    except OverflowError as error:
        raise InvalidQuery("a number may have at most 308 digits; store a text") from error
    return value


def _time(field: Field, value: Any) -> str:
    try:
        match value:
            case datetime():
                return to_text(value)
            case date():
                return to_text(datetime.combine(value, time()))
            case bool():
                pass
            case int() | float():
                return to_text(from_timestamp(value))
            case str():
                return to_text(datetime.fromisoformat(value))
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidQuery(_no_time(field, value)) from error
    raise InvalidQuery(_no_time(field, value))


def _no_time(field: Field, value: Any) -> str:
    return (
        f"{field.path} is a time and cannot be compared with {shown(value)}; "
        "give a datetime, an ISO text or a Unix timestamp in seconds"
    )
