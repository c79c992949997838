"""Fields that objects of every kind have: times and conditions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

Json = Mapping[str, Any]

_MOST_DIGITS: Final = 6
"""The most digits of a number in a variable of a pod. `int` is slow for thousands of digits."""


def parse_time(text: str | None) -> datetime | None:
    """Read a time as Kubernetes writes it, such as `2026-11-23T15:49:10Z`."""
    return datetime.fromisoformat(text) if text else None


def condition(status: Json, kind: str) -> Json:
    """Return the status's condition of this type; an empty one when it has none."""
    return next((item for item in status.get("conditions", ()) if item["type"] == kind), {})


def is_true(status: Json, kind: str) -> bool:
    return bool(condition(status, kind).get("status") == "True")


def small_number(text: str | None, otherwise: int) -> int:
    """Return the number in a variable of a pod. Its template may say anything there."""
    is_number = text and text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if text and is_number else otherwise
