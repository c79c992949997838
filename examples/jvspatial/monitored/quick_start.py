"""Quick start: job tracking, metrics, and the queries of the monitoring endpoints."""

# execution_time may be None in jvscheduler's records, but never in the documentation's.
# mypy: disable-error-code="arg-type,return-value,union-attr"

import logging
from datetime import datetime
from typing import Any

import psutil

from jvscheduler import on_schedule
from jvscheduler.history import ScheduledJob
from monitored.entities import SystemMetrics
from monitored.work import perform_cleanup_work

logger = logging.getLogger(__name__)


@on_schedule("every 30 minutes", description="System cleanup with job tracking")
async def cleanup_system() -> None:
    """Clean up system and create job record."""
    start_time = datetime.now()

    try:
        # Perform cleanup logic
        cleanup_count = perform_cleanup_work()

        # Create success record
        await ScheduledJob.create(
            job_name="system_cleanup",
            execution_time=start_time,
            status="completed",
            duration_seconds=(datetime.now() - start_time).total_seconds(),
        )

        print(f"Cleanup completed: {cleanup_count} items processed")

    except Exception as e:
        # Create error record
        await ScheduledJob.create(
            job_name="system_cleanup",
            execution_time=start_time,
            status="failed",
            error_message=str(e),
            duration_seconds=(datetime.now() - start_time).total_seconds(),
        )
        raise


@on_schedule("every 5 minutes", retry_count=2, description="Collect system metrics")
async def collect_metrics() -> None:
    """Collect system metrics with entity queries."""
    # Get system metrics
    cpu_percent = psutil.cpu_percent()
    memory = psutil.virtual_memory()

    # Count active jobs efficiently using .count()
    active_jobs = await ScheduledJob.count({"context.status": {"$in": ["pending", "running"]}})

    # Create metrics record
    await SystemMetrics.create(
        timestamp=datetime.now(),
        cpu_usage=cpu_percent,
        memory_usage=memory.percent,
        active_jobs=active_jobs,
    )

    print(f"Metrics: CPU {cpu_percent:.1f}%, Memory {memory.percent:.1f}%")


async def get_job_statistics() -> dict[str, Any]:
    """The numbers of the documentation's status endpoint."""
    # Get job statistics efficiently using .count()
    total_jobs = await ScheduledJob.count()

    completed_jobs = await ScheduledJob.count({"context.status": "completed"})

    failed_jobs = await ScheduledJob.count({"context.status": "failed"})

    return {
        "total_jobs": total_jobs,
        "completed_jobs": completed_jobs,
        "failed_jobs": failed_jobs,
        "success_rate": (completed_jobs / total_jobs * 100) if total_jobs > 0 else 0,
    }


async def get_recent_jobs(
    status: str | None = None, limit: int = 50, hours: int = 24
) -> dict[str, Any]:
    """Get recent job executions with MongoDB-style filtering."""
    # Build query with proper MongoDB syntax
    cutoff_time = datetime.now().timestamp() - (hours * 3600)
    query: dict[str, Any] = {"context.execution_time": {"$gte": cutoff_time}}

    if status:
        query["context.status"] = status

    # Execute entity-centric query
    recent_jobs = await ScheduledJob.find(query)
    sorted_jobs = sorted(recent_jobs, key=lambda x: x.execution_time, reverse=True)[:limit]

    return {
        "jobs": [
            {
                "id": job.id,
                "job_name": job.job_name,
                "status": job.status,
                "execution_time": job.execution_time.isoformat(),
                "duration_seconds": job.duration_seconds,
                "error_message": job.error_message,
            }
            for job in sorted_jobs
        ],
        "total_found": len(recent_jobs),
        "filters": {"status": status, "hours_back": hours},
    }
