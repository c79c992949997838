"""Entities and rows for the contracts of queries and changes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from jvspatial.core.context import GraphContext, set_default_context
from jvspatial.db.database import Database

from jvscheduler.history import Object

MakeDatabase = Callable[[], Database]
Story = Callable[[], Awaitable[None]]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NAIVE_NOON = NOON.astimezone().replace(tzinfo=None)


class Reading(Object):
    """`at` is a time that says nothing of indexes, as users declare it."""

    name: str = ""
    at: datetime = datetime.now()  # noqa: DTZ005, RUF100 - as the documentation has it
    seen: datetime | None = None
    value: float | None = None
    good: bool = True
    data: dict[str, Any] = {}  # noqa: RUF012 - pydantic copies it
    tags: list[str] = []  # noqa: RUF012 - pydantic copies it


class Calibrated(Reading):
    """A kind of reading: found where readings are."""

    by: str = ""


class Other(Object):
    """Has values of other types at the same paths, in the same table."""

    value: str = "abc"
    at: str = "never"


def tell(make_database: MakeDatabase, story: Story) -> None:
    async def opened() -> None:
        database = make_database()
        set_default_context(GraphContext(database))
        try:
            await story()
        finally:
            close: Any = getattr(database, "close")  # noqa: B009 - jvspatial's base has none
            await close()

    asyncio.run(opened())


async def some_readings() -> None:
    """Five, an hour apart, and what must not disturb them."""
    for number, name in enumerate(["ada", "Bob", "cyd", "dan", "eve"]):
        await Reading.create(
            name=name,
            at=NOON + timedelta(hours=number),
            seen=NOON if number % 2 else None,
            value=None if number == 4 else number * 1.5,
            good=number != 2,
            data={
                "size": number,
                "deep": {"er": [number]},
                "text": f"no {number}",
                "rows": [{"n": number}],
            },
            tags=["a", "b"][: number % 3],
        )
    await Other.create()


async def names(query: Any = None, **options: Any) -> str:
    return " ".join(reading.name for reading in await Reading.find(query, **options))


class ReadingsContract:
    """The `make_database` fixture of a subclass makes databases on one, empty store."""

    @pytest.fixture
    def told(self, make_database: MakeDatabase) -> Callable[[Story], None]:
        def told(story: Story) -> None:
            async def with_readings() -> None:
                await some_readings()
                await story()

            tell(make_database, with_readings)

        return told
