"""The types of values that another party wrote. A model of these types takes nothing else."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from jvscheduler.outcomes import (
    MAX_DEPTH,
    MAX_ERROR_BYTES,
    MAX_LOG_TAIL_BYTES,
    MAX_RESULT_BYTES,
    MAX_TRACEBACK_BYTES,
    clean,
    clip,
    clip_start,
    is_deeper,
    one_line,
)

_LONGEST_TIME: Final = 40
"""Characters of a time. Longer ones have digits that no clock has."""
_YEARS: Final = range(1970, 2200)
"""Times outside cannot be converted to every zone, nor be stored in every database."""
_INT32: Final = 2**31 - 1
_INT64: Final = 2**63 - 1
_CENTURY_SECONDS: Final = 3.2e9


def _cleaned(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


def _cut(limit: int, cut: Callable[[str, int], str]) -> Callable[[str], str]:
    return lambda text: cut(text, limit)


def read_time(value: Any) -> datetime:
    """Return the time in UTC. Raises ValueError."""
    if isinstance(value, str):
        if len(value) > _LONGEST_TIME:
            raise ValueError("a time has fewer characters")
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("a time with a zone is needed")
    # Before the conversion: with a zone, the years 1 and 9999 may lie outside of all calendars.
    if value.year not in _YEARS:
        raise ValueError(f"the year is not in {_YEARS.start} to {_YEARS.stop - 1}")
    return value.astimezone(UTC)


def _storable(value: Any) -> Any:
    """Return the value, or None for one that not every database takes and every reader reads."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        size = len(text.encode())
    except (ValueError, TypeError, RecursionError):
        return None
    fits = size <= MAX_RESULT_BYTES and "\\u0000" not in text and not is_deeper(value, MAX_DEPTH)
    return value if fits else None


Name = Annotated[str, Field(min_length=1, max_length=512, pattern=r"\A[^\p{C}\p{Zl}\p{Zp}]*\z")]
"""The name or the id of something, in one line."""
Word = Annotated[str, Field(max_length=100, pattern=r"\A[A-Za-z][A-Za-z0-9]*\z")]
"""A reason, such as `TaskRaised`."""
Line = Annotated[str, AfterValidator(one_line)]
"""A text that is part of one line: what cannot be printed is escaped."""
Time = Annotated[datetime, BeforeValidator(read_time)]
Seconds = Annotated[float, Field(ge=0, le=_CENTURY_SECONDS, allow_inf_nan=False)]
Small = Annotated[int, Field(ge=0, le=_INT32)]
Large = Annotated[int, Field(ge=0, le=_INT64)]
Error = Annotated[str, BeforeValidator(_cleaned), AfterValidator(_cut(MAX_ERROR_BYTES, clip))]
Traceback = Annotated[
    str, BeforeValidator(_cleaned), AfterValidator(_cut(MAX_TRACEBACK_BYTES, clip_start))
]
LogTail = Annotated[
    str, BeforeValidator(_cleaned), AfterValidator(_cut(MAX_LOG_TAIL_BYTES, clip_start))
]
Result = Annotated[Any, AfterValidator(_storable)]
"""A result that cannot be stored is left out. The outcome is still true without it."""


def present(value: Any) -> Any:
    """Return an object without its keys that are null: most writers mean that they are absent."""
    if not isinstance(value, Mapping):
        return value
    return {key: item for key, item in value.items() if item is not None}


def problem_of(error: ValidationError) -> str:
    """Return what is wrong, without what was written: that may be long, or a secret."""
    first, *others = error.errors(include_url=False, include_context=False, include_input=False)
    where = ".".join(map(str, first["loc"])) or "all of it"
    more = f", and {len(others)} more" if others else ""
    return f"{clip(where, 100)}: {clip(first['msg'], 200)}{more}"
