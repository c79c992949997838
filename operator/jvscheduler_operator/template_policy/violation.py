"""What a rule finds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    field: str
    """The path of the field, as a user finds it in the task."""
    rule: str
    """What the rule demands of it."""

    def __str__(self) -> str:
        return f"{self.field}: {self.rule}"
