"""Advanced examples: adaptive processing, health, cleanup, alerts, patterns of failures."""

import logging
from datetime import datetime, timedelta
from typing import Any

import psutil

from jvscheduler import on_schedule
from jvscheduler.history import ScheduledJob
from monitored.entities import Alert, SystemMetrics
from monitored.work import process_data_batch

logger = logging.getLogger(__name__)


@on_schedule("every 10 minutes")
async def analyze_job_patterns() -> dict[str, Any]:
    """Analyze job execution patterns using entity queries."""

    # Find recent failed jobs
    recent_failures = await ScheduledJob.find(
        {
            "$and": [
                {"context.status": "failed"},
                {"context.execution_time": {"$gte": datetime.now().timestamp() - 3600}},
            ]
        }
    )

    # Find jobs by pattern
    cleanup_jobs = await ScheduledJob.find(
        {"context.job_name": {"$regex": "cleanup", "$options": "i"}}
    )

    # Count jobs by status efficiently using .count()
    job_counts = {
        "completed": await ScheduledJob.count({"context.status": "completed"}),
        "failed": await ScheduledJob.count({"context.status": "failed"}),
        "total": await ScheduledJob.count(),
    }

    # Find slow jobs
    slow_jobs = await ScheduledJob.find(
        {"context.duration_seconds": {"$gt": 300}}  # > 5 minutes
    )
    return {
        "recent_failures": [job.job_name for job in recent_failures],
        "cleanup_jobs": [job.job_name for job in cleanup_jobs],
        "job_counts": job_counts,
        "slow_jobs": [job.job_name for job in slow_jobs],
    }


@on_schedule("every 1 hour", description="Adaptive data processing")
async def adaptive_processor() -> str | None:
    """Adjust processing frequency based on system load."""

    # Get recent system metrics
    metrics_list = await SystemMetrics.find(
        {
            "$and": [
                {"context.timestamp": {"$gte": datetime.now().timestamp() - 300}},
                {"context.metric_type": "cpu_usage"},
            ]
        }
    )
    metrics = metrics_list[0] if metrics_list else None

    if metrics and metrics.value > 80:
        logger.warning("🔥 High CPU usage detected, skipping intensive processing")
        return None

    # Check for recent failures
    recent_failures_list = await ScheduledJob.find(
        {
            "$and": [
                {"context.status": "failed"},
                {"context.execution_time": {"$gte": datetime.now().timestamp() - 3600}},
            ]
        }
    )
    recent_failures = len(recent_failures_list)

    if recent_failures > 5:
        logger.error("⚠️ Too many recent failures, pausing processing")
        await create_alert("High failure rate detected")
        return None

    # Execute processing
    return await process_data_batch()


@on_schedule("every 5 minutes", description="System health monitoring")
async def system_health_check() -> None:
    """Monitor system health and create alerts."""
    # Collect system metrics
    cpu_percent = psutil.cpu_percent(interval=0.1)
    memory_info = psutil.virtual_memory()
    disk_info = psutil.disk_usage("/")

    # Store metrics
    timestamp = datetime.now()

    await SystemMetrics.create(metric_type="cpu_usage", value=cpu_percent, timestamp=timestamp)

    await SystemMetrics.create(
        metric_type="memory_usage", value=memory_info.percent, timestamp=timestamp
    )

    await SystemMetrics.create(
        metric_type="disk_usage", value=disk_info.percent, timestamp=timestamp
    )

    # Check thresholds and create alerts
    if cpu_percent > 90:
        logger.critical(f"🚨 CPU usage critical: {cpu_percent}%")
        await create_alert("Critical CPU usage", {"cpu_percent": cpu_percent})

    if memory_info.percent > 85:
        logger.warning(f"⚠️ Memory usage high: {memory_info.percent}%")
        await create_alert("High memory usage", {"memory_percent": memory_info.percent})


@on_schedule("daily at 02:00", description="Cleanup old records")
async def cleanup_old_records() -> None:
    """Clean up old job records and metrics."""

    # Calculate cutoff dates
    now = datetime.now()
    job_cutoff = now - timedelta(days=30)  # Keep 30 days of job records
    metrics_cutoff = now - timedelta(days=7)  # Keep 7 days of metrics

    # Delete old job records
    old_jobs = await ScheduledJob.delete_many(
        {"context.execution_time": {"$lt": job_cutoff.timestamp()}}
    )

    # Delete old metrics
    old_metrics = await SystemMetrics.delete_many(
        {"context.timestamp": {"$lt": metrics_cutoff.timestamp()}}
    )

    logger.info(
        f"🧹 Cleanup completed: {old_jobs.deleted_count} jobs, {old_metrics.deleted_count} metrics"
    )

    # Record cleanup job
    await ScheduledJob.create(
        job_name="cleanup_old_records",
        execution_time=now,
        status="completed",
        metadata={
            "deleted_jobs": old_jobs.deleted_count,
            "deleted_metrics": old_metrics.deleted_count,
        },
    )


@on_schedule("every 5 minutes")
async def monitor_system() -> tuple[list[ScheduledJob], list[dict[str, Any]]]:
    # Query with time-based filtering (ensure timestamp indexes)
    recent_jobs = await ScheduledJob.find(
        {
            "$and": [
                {"context.execution_time": {"$gte": datetime.now().timestamp() - 3600}},
                {"context.status": {"$in": ["failed", "timeout"]}},
            ]
        }
    )

    # Aggregation for metrics
    failure_rate = await ScheduledJob.aggregate(
        [
            {"$match": {"context.execution_time": {"$gte": datetime.now().timestamp() - 86400}}},
            {"$group": {"_id": "$context.status", "count": {"$sum": 1}}},
        ]
    )
    return recent_jobs, failure_rate


async def create_alert(message: str, metadata: dict[str, Any] | None = None) -> None:
    """Create system alert record."""
    await Alert.create(
        message=message, timestamp=datetime.now(), severity="warning", metadata=metadata or {}
    )
