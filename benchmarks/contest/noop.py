"""The task that everybody runs: it says when its own code began, and does nothing else.

It is also a program, for a scheduler that starts one; it imports nothing that a
no-op does not need.
"""

import time


def noop() -> float:
    return time.time()


async def awaited() -> float:
    return noop()


if __name__ == "__main__":
    print(noop())
