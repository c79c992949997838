"""The option `no_retry_on`: exceptions by their names, since the spec has no classes."""

import re
from collections.abc import Sequence
from typing import TypeAlias

from jvscheduler.decorators.options import shown
from jvscheduler.errors import InvalidTask
from jvscheduler.tasks import EXCEPTION_PATTERN, MAX_EXCEPTION, MAX_NO_RETRY

ExceptionName: TypeAlias = type[BaseException] | str
"""A class, or its dotted name: `"ValueError"`, `"shop.errors.SoldOut"`."""


def names_of(given: ExceptionName | Sequence[ExceptionName]) -> tuple[str, ...]:
    """Return the names. Raises InvalidTask for what is no exception."""
    each = given if isinstance(given, list | tuple) else [given]
    if len(each) > MAX_NO_RETRY:
        raise InvalidTask(f"no_retry_on names {len(each)} exceptions, and may name {MAX_NO_RETRY}")
    return tuple(dict.fromkeys(_name(exception) for exception in each))


def _name(given: object) -> str:
    name = _of_class(given) if isinstance(given, type) else given
    if (
        not isinstance(name, str)
        or len(name) > MAX_EXCEPTION
        or not re.fullmatch(EXCEPTION_PATTERN, name)
    ):
        raise InvalidTask(
            "no_retry_on takes exception classes or their dotted names, such as (ValueError, "
            f"'shop.errors.SoldOut'), got {shown(given)}"
        )
    return name


def _of_class(exception: type) -> str:
    if not issubclass(exception, BaseException):
        raise InvalidTask(f"no_retry_on takes exceptions, got {shown(exception)}")
    if exception.__module__ == "builtins":
        return exception.__qualname__
    return f"{exception.__module__}.{exception.__qualname__}"
