"""jvspatial's `SchedulerConfig`. An option that cannot mean what it meant says so."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from jvscheduler.tasks import MAX_SECONDS
from jvscheduler.zones import zone
from jvscheduler_server.embedded.settings import LONGEST_INTERVAL

_WITHOUT_EFFECT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "max_concurrent_tasks": "each task has a limit of its own, max_concurrent of on_schedule",
        "log_level": "set the level of the loggers jvscheduler.loop and jvscheduler_server",
        "persistence_enabled": "the history always has a record of each job",
        "auto_cleanup": "the history keeps all records until `jvscheduler history prune`",
        "max_task_history": "the history keeps all records until `jvscheduler history prune`",
    }
)
"""The options that do nothing here, and what there is instead."""


class SchedulerConfig(BaseModel):
    """The options are jvspatial's, and so are their defaults. Any other is refused."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = False
    """False, when it is given: the scheduler does not start."""
    timezone: str = "UTC"
    """The zone of tasks that name none."""
    interval: float = 1.0
    """Seconds after which the clock is read at the latest."""
    max_concurrent_tasks: int = 10
    task_timeout: int = Field(default=3600, ge=1, le=MAX_SECONDS)
    """When it is given: `timeout_seconds` of tasks that have none."""
    log_level: str = "info"
    persistence_enabled: bool = False
    auto_cleanup: bool = True
    max_task_history: int = 100

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        zone(name)  # raises InvalidSchedule, a ValueError
        return name

    @field_validator("interval")
    @classmethod
    def _is_in_range(cls, seconds: float) -> float:
        if not 0 < seconds <= LONGEST_INTERVAL:
            raise ValueError(
                f"must be more than 0 and at most {LONGEST_INTERVAL} seconds: it delays no task, "
                "and says only how soon a clock that was set is noticed"
            )
        return seconds

    @property
    def is_switched_off(self) -> bool:
        # jvspatial starts with `SchedulerConfig()` too, whose default is False.
        return "enabled" in self.model_fields_set and not self.enabled

    @property
    def default_timeout(self) -> int | None:
        return self.task_timeout if "task_timeout" in self.model_fields_set else None

    def notes(self) -> list[str]:
        """Return what to say about options that were given and mean something else here."""
        given = self.model_fields_set
        notes = [
            f"SchedulerConfig({name}=…) has no effect: {instead}"
            for name, instead in _WITHOUT_EFFECT.items()
            if name in given
        ]
        if self.interval != 1:
            notes.append(
                f"SchedulerConfig(interval={self.interval:g}) delays no task: a task starts when "
                "it is due; after the interval a clock that was set is noticed"
            )
        return notes
