"""The checks of the decorator's options. Each refusal names the option and what it takes."""

import re
from collections.abc import Sequence
from typing import Final, get_args

from jvscheduler.errors import InvalidSchedule, InvalidTask
from jvscheduler.manifests.backends import BACKENDS, choose_backend
from jvscheduler.schedules.jitter import MAX_JITTER, check_jitter
from jvscheduler.tasks import (
    MAX_CONCURRENT,
    MAX_DESCRIPTION,
    MAX_HISTORY,
    MAX_RETRIES,
    MAX_RETRY_DELAY,
    MAX_SECONDS,
    MAX_TASK_ID,
    MIN_STARTING_DEADLINE,
    TASK_ID_PATTERN,
    ConcurrencyPolicy,
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
    _check_number("retry_delay_seconds", task.retry_delay_seconds, 1, MAX_RETRY_DELAY)
    _check_jitter(task)
    _check_description(task.description)
    _check_choice("concurrency_policy", task.concurrency_policy, get_args(ConcurrencyPolicy))
    if (deadline := task.starting_deadline_seconds) is not None:
        field = "starting_deadline_seconds"
        _check_number(field, deadline, MIN_STARTING_DEADLINE, MAX_SECONDS)
    for field in ("successful_jobs_history_limit", "failed_jobs_history_limit"):
        _check_number(field, getattr(task, field), 0, MAX_HISTORY)
    _check_backend(task)


def _check_flag(field: str, value: object) -> None:
    if not isinstance(value, bool):
        raise InvalidTask(f"{field} must be True or False, got {value!r}")


def _check_number(field: str, value: object, low: int, high: int) -> None:
    # True is an int: max_concurrent=True would silently mean 1.
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidTask(f"{field} must be a whole number from {low} to {high}, got {value!r}")


def _check_choice(field: str, value: object, choices: Sequence[str]) -> None:
    if value not in choices:
        allowed = " or ".join(map(repr, choices))
        raise InvalidTask(f"{field} must be {allowed}, got {shown(value)}")


def _check_backend(task: Task) -> None:
    if task.backend is not None:
        _check_choice("backend", task.backend, BACKENDS)
    try:
        choose_backend(task.schedule, task.backend, task.concurrency_policy, task.shortest_pause)
    except InvalidTask as error:
        raise InvalidTask(f"backend={task.backend!r}: {error}") from None


def _check_jitter(task: Task) -> None:
    _check_number("jitter_seconds", task.jitter_seconds, 0, MAX_JITTER)
    try:
        check_jitter(task.schedule, task.jitter_seconds)
    except InvalidSchedule as error:
        raise InvalidTask(f"jitter_seconds: {error}") from None


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
