"""The checks of the decorator's options. Each refusal names the option and what it takes."""

import re
from typing import Final

from jvscheduler.errors import InvalidTask
from jvscheduler.tasks import (
    MAX_CONCURRENT,
    MAX_DESCRIPTION,
    MAX_RETRIES,
    MAX_SECONDS,
    MAX_TASK_ID,
    TASK_ID_PATTERN,
    Task,
)

_PRINTABLE: Final = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]*")


def check_options(task: Task) -> None:
    """Check each option as the user gave it. `task` has no target yet."""
    _check_flag("enabled", task.enabled)
    _check_number("max_concurrent", task.max_concurrent, 1, MAX_CONCURRENT)
    if task.timeout_seconds is not None:
        _check_number("timeout_seconds", task.timeout_seconds, 1, MAX_SECONDS)
    _check_number("retry_count", task.retry_count, 0, MAX_RETRIES)
    _check_description(task.description)


def _check_flag(field: str, value: object) -> None:
    if not isinstance(value, bool):
        raise InvalidTask(f"{field} must be True or False, got {value!r}")


def _check_number(field: str, value: object, low: int, high: int) -> None:
    # True is an int: max_concurrent=True would silently mean 1.
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidTask(f"{field} must be a whole number from {low} to {high}, got {value!r}")


def _check_description(value: object) -> None:
    if (
        not isinstance(value, str)
        or len(value) > MAX_DESCRIPTION
        or not _PRINTABLE.fullmatch(value)
    ):
        raise InvalidTask(
            f"description must be text of at most {MAX_DESCRIPTION} characters "
            f"without control characters, got {shown(value)}"
        )


def check_task_id(value: object) -> None:
    if not isinstance(value, str) or not is_task_id(value):
        raise InvalidTask(
            f"task_id must be 1 to {MAX_TASK_ID} ASCII letters, digits, '.', '_' and '-', "
            f"such as 'shop.clean_up', got {shown(value)}"
        )


def is_task_id(text: str) -> bool:
    return len(text) <= MAX_TASK_ID and re.fullmatch(TASK_ID_PATTERN, text) is not None


def shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
