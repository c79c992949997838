"""A deep result must neither fail the API nor any other reader."""

from jvscheduler import on_schedule


def nest(depth: int) -> list[object]:
    found: list[object] = []
    for _ in range(depth):
        found = [found]
    return found


@on_schedule("every 2 seconds")
def deep_300() -> list[object]:
    return nest(300)


@on_schedule("every 2 seconds")
def deep_980() -> list[object]:
    return nest(980)


@on_schedule("every 2 seconds")
def plain() -> int:
    return 1
