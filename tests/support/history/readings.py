"""Entities for the contracts of queries and changes."""

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
RunStory = Callable[[Story], None]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NAIVE_NOON = NOON.astimezone().replace(tzinfo=None)


class Reading(Object):
    """`at` is a time without a declared index, as users write it."""

    name: str = ""
    at: datetime = datetime.now()  # noqa: DTZ005, RUF100 - as the documentation has it
    seen: datetime | None = None
    value: float | None = None
    good: bool = True
    data: dict[str, Any] = {}  # noqa: RUF012 - pydantic copies it
    tags: list[str] = []  # noqa: RUF012 - pydantic copies it


class Calibrated(Reading):
    """A subclass: queries for readings find it too."""

    by: str = ""


class Other(Object):
    """Another class with values of other types at the same paths, in the same table."""

    value: str = "abc"
    at: str = "never"


def run_story(make_database: MakeDatabase, story: Story) -> None:
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
    """Store five readings, an hour apart, and an entity of another class."""
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
    """The `make_database` fixture of a subclass makes databases on one store, which is empty."""

    @pytest.fixture
    def run_with_readings(self, make_database: MakeDatabase) -> RunStory:
        """Runs a story on a database with some readings."""

        def run_with_readings(story: Story) -> None:
            async def with_readings() -> None:
                await some_readings()
                await story()

            run_story(make_database, with_readings)

        return run_with_readings
