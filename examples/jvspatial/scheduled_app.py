"""The documentation's server in one file: entities, tasks, monitoring endpoints.

`python scheduled_app.py` serves it, and so does `uvicorn scheduled_app:app`.
"""

# execution_time may be None in jvscheduler's records, but never in the documentation's.
# mypy: disable-error-code="arg-type,return-value,union-attr"

from datetime import datetime
from typing import Any

import psutil
from jvspatial.api import endpoint

from jvscheduler import on_schedule
from jvscheduler.history import Object, ScheduledJob
from jvscheduler_server import Server, register_scheduled_tasks
from monitored.work import perform_cleanup_work


class SystemMetrics(Object):
    """Entity for system metrics collection."""

    timestamp: datetime = datetime.now()
    cpu_usage: float = 0.0
    memory_usage: float = 0.0
    active_jobs: int = 0


# Basic scheduled function with entity creation
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


# Async function with MongoDB-style queries
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


# Create server with scheduler enabled
server = Server(
    title="My Scheduled App",
    description="Application with integrated scheduler",
    version="1.0.0",
    scheduler_enabled=True,
    scheduler_interval=1,  # Check every second
    scheduler_timezone="UTC",
    # Development settings
    debug=True,
    docs_url="/docs",
    redoc_url="/redoc",
)

# Register all decorated scheduled tasks
if hasattr(server, "scheduler_service") and server.scheduler_service:
    register_scheduled_tasks(server.scheduler_service)
print("Scheduled tasks registered")


# Add monitoring endpoints following jvspatial patterns
@endpoint("/api/scheduler/status", methods=["GET"])
async def get_scheduler_status() -> dict[str, Any]:
    """Get scheduler status with entity-centric job statistics."""
    if not hasattr(server, "scheduler_service") or not server.scheduler_service:
        return {"error": "Scheduler not available", "status": "disabled"}

    # Get scheduler status
    status = server.scheduler_service.get_status()

    # Get job statistics efficiently using .count()
    total_jobs = await ScheduledJob.count()

    completed_jobs = await ScheduledJob.count({"context.status": "completed"})

    failed_jobs = await ScheduledJob.count({"context.status": "failed"})

    return {
        "scheduler": status,
        "job_statistics": {
            "total_jobs": total_jobs,
            "completed_jobs": completed_jobs,
            "failed_jobs": failed_jobs,
            "success_rate": (completed_jobs / total_jobs * 100) if total_jobs > 0 else 0,
        },
        "timestamp": datetime.now().isoformat(),
    }


@endpoint("/api/scheduler/jobs/recent", methods=["GET"])
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


app = server.get_app()

# Run the server
if __name__ == "__main__":
    server.run(host="0.0.0.0", port=8000)  # noqa: S104 - as documented
