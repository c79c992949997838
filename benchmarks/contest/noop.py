"""The task that every scheduler runs. It returns the time at which its code began.

It is also a program, for a scheduler that starts one. It imports nothing that a
no-op does not need.
"""

import time


def noop() -> float:
    return time.time()


async def awaited() -> float:
    return noop()


if __name__ == "__main__":
    print(noop())
