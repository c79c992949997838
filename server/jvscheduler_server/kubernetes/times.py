"""Times as Kubernetes writes them (`2026-11-23T15:49:10Z`), aware."""

from datetime import datetime


def parse_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
