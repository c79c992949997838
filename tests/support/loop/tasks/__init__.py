"""Tasks that a loop's worker runs in tests."""

import asyncio
import time


def quick() -> str:
    print("quick work")
    return "done"


async def quick_async() -> str:
    await asyncio.sleep(0)
    return "done"


def long() -> None:
    time.sleep(2.5)


def longer() -> None:
    time.sleep(8)


def fails() -> None:
    raise ValueError("no stock")
