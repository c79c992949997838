"""Fields that objects of every kind have: times and conditions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

Json = Mapping[str, Any]


def parse_time(text: str | None) -> datetime | None:
    """Read a time as Kubernetes writes it, such as `2026-11-23T15:49:10Z`."""
    return datetime.fromisoformat(text) if text else None


def condition(status: Json, kind: str) -> Json:
    """Return the status's condition of this type; an empty one when it has none."""
    return next((item for item in status.get("conditions", ()) if item["type"] == kind), {})


def is_true(status: Json, kind: str) -> bool:
    return bool(condition(status, kind).get("status") == "True")
