"""The functions that the documentation calls and does not define. `fail` makes them fail."""

import asyncio

fail: set[str] = set()


async def perform_data_sync() -> dict[str, int]:
    await asyncio.sleep(0)  # Simulate work
    if "sync" in fail:
        raise ConnectionError("the source is away")
    return {"records_processed": 1000, "records_updated": 150, "errors": 0}


async def execute_business_logic() -> dict[str, int]:
    if "business" in fail:
        raise ValueError("no business")
    return {"done": 1}


def perform_cleanup_work() -> int:
    if "cleanup" in fail:
        raise OSError("disk is away")
    return 3


async def process_data_batch() -> str:
    return "processed"
