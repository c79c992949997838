"""The entities that the examples store. Records of jobs are `ScheduledJob`."""

from datetime import datetime

from jvscheduler.history import Object


class SystemMetrics(Object):
    """The fields of the quick start and those of the advanced examples."""

    timestamp: datetime = datetime.now()
    cpu_usage: float = 0.0
    memory_usage: float = 0.0
    active_jobs: int = 0
    metric_type: str = ""
    value: float = 0.0


class Alert(Object):
    message: str = ""
    timestamp: datetime = datetime.now()
    severity: str = "warning"
    metadata: dict[str, object] = {}


class JobResult(Object):
    job_name: str
    execution_time: datetime
    status: str
    results: dict[str, object] = {}
    error_message: str | None = None
