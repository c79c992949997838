"""Error handling, recovery and circuit breakers."""

import logging
import uuid
from datetime import datetime, timedelta
from typing import Any

from jvscheduler import on_schedule
from jvscheduler.history import ScheduledJob
from monitored.entities import JobResult
from monitored.monitoring import create_alert
from monitored.work import execute_business_logic, perform_data_sync

logger = logging.getLogger(__name__)


@on_schedule(
    "every 30 minutes",
    retry_count=3,
    timeout_seconds=600,
    description="Resilient data sync with automatic recovery",
)
async def resilient_data_sync() -> None:
    """Data synchronization with comprehensive error handling."""

    sync_id = str(uuid.uuid4())
    start_time = datetime.now()
    job_record = None

    try:
        logger.info(f"Starting data sync {sync_id}")

        # Check for existing sync operations
        existing_sync_list = await find_running_syncs()
        existing_sync = existing_sync_list[0] if existing_sync_list else None

        if existing_sync:
            logger.warning(f"Sync already running, skipping {sync_id}")
            return

        # Create running job record
        job_record = await ScheduledJob.create(
            job_name="resilient_data_sync",
            execution_time=start_time,
            status="running",
            metadata={"sync_id": sync_id},
        )

        # Execute sync operations
        results = await perform_data_sync()

        # Update success record
        await ScheduledJob.update_one(
            {"_id": job_record.id},
            {
                "$set": {
                    "context.status": "completed",
                    "context.duration_seconds": (datetime.now() - start_time).total_seconds(),
                    "context.metadata.results": results,
                }
            },
        )

        logger.info(f"Data sync {sync_id} completed successfully")

    except TimeoutError as e:
        logger.error(f"Data sync {sync_id} timed out")
        if job_record:
            await update_job_status(job_record.id, "timeout", str(e))
        raise

    except Exception as e:
        logger.error(f"Data sync {sync_id} failed: {e!s}")
        if job_record:
            await update_job_status(job_record.id, "failed", str(e))

        await break_circuit()
        raise


async def find_running_syncs() -> list[ScheduledJob]:
    return await ScheduledJob.find(
        {
            "$and": [
                {"context.job_name": "resilient_data_sync"},
                {"context.status": "running"},
                {
                    "context.execution_time": {
                        "$gte": (datetime.now() - timedelta(hours=1)).timestamp()
                    }
                },
            ]
        }
    )


async def count_recent_failures() -> int:
    return await ScheduledJob.count(
        {
            "$and": [
                {"context.job_name": "resilient_data_sync"},
                {"context.status": {"$in": ["failed", "timeout"]}},
                {
                    "context.execution_time": {
                        "$gte": (datetime.now() - timedelta(hours=2)).timestamp()
                    }
                },
            ]
        }
    )


async def break_circuit() -> None:
    # Check failure patterns for circuit breaker
    recent_failures = await count_recent_failures()

    if recent_failures >= 3:
        logger.critical("Circuit breaker activated for data sync")
        await create_alert(
            "Data sync circuit breaker activated", {"failure_count": recent_failures}
        )


async def update_job_status(job_id: str, status: str, error_message: str | None = None) -> None:
    """Update job record with final status."""
    update_data: dict[str, Any] = {
        "$set": {"context.status": status, "context.completed_at": datetime.now().timestamp()}
    }

    if error_message:
        update_data["$set"]["context.error_message"] = error_message

    await ScheduledJob.update_one({"_id": job_id}, update_data)


@on_schedule("every 30 minutes")
async def process_with_entities() -> str:
    result = await JobResult.create(
        job_name="data_processor", execution_time=datetime.now(), status="running"
    )
    return result.id


@on_schedule(
    "every 15 minutes",
    retry_count=2,
    timeout_seconds=300,
    description="Robust task with proper error handling",
)
async def robust_task() -> None:
    start_time = datetime.now()
    job_id = None

    try:
        # Create job tracking record
        job_record = await ScheduledJob.create(
            job_name="robust_task", execution_time=start_time, status="running"
        )
        job_id = job_record.id

        # Execute business logic
        result = await execute_business_logic()

        # Update success
        await ScheduledJob.update_one(
            {"_id": job_id}, {"$set": {"context.status": "completed", "context.result": result}}
        )

        logger.info("Task completed successfully")

    except Exception as e:
        # Update failure record
        if job_id:
            await ScheduledJob.update_one(
                {"_id": job_id},
                {"$set": {"context.status": "failed", "context.error_message": str(e)}},
            )

        logger.error(f"Task failed: {e!s}")
        raise  # Re-raise for scheduler retry logic


@on_schedule("every 10 minutes", description="Task with circuit breaker")
async def task_with_circuit_breaker() -> str:
    # Check recent failures efficiently using .count()
    failure_count = await ScheduledJob.count(
        {
            "$and": [
                {"context.job_name": "task_with_circuit_breaker"},
                {"context.status": "failed"},
                {
                    "context.execution_time": {
                        "$gte": (datetime.now() - timedelta(hours=1)).timestamp()
                    }
                },
            ]
        }
    )

    if failure_count >= 3:
        logger.warning("🔒 Circuit breaker open, skipping execution")
        return "skipped"

    # Execute task logic...
    return "executed"
