"""Times as the Kubernetes API writes them: UTC, whole seconds, `2026-01-02T03:04:05Z`."""

from datetime import UTC, datetime


def parse(text: str) -> datetime:
    return datetime.fromisoformat(text)


def to_text(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
