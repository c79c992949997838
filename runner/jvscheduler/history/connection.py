"""Opens the history for entities in a script or a notebook. In a task it is open already."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from jvspatial.core.context import GraphContext, scoped_default_context

from jvscheduler.history.entities.binding import open_for_task
from jvscheduler.history.settings import given_database_url
from jvscheduler.history.urls import absolute_url, check_folder


@asynccontextmanager
async def connect(url: str | None = None) -> AsyncIterator[None]:
    """Within the block, entities are in the database at this URL; jvspatial's own entities too.

    Without a URL it is that of JVSCHEDULER_DATABASE_URL. Other asyncio tasks that run already keep
    their database. Raises InvalidSettings when there is no URL, or when it is not valid.

    ```python
    async with connect("sqlite:///history.db"):
        print(await ScheduledJob.count({"context.status": "failed"}))
    ```
    """
    text = given_database_url(url)
    check_folder(text)
    database = open_for_task(absolute_url(text))
    try:
        with scoped_default_context(GraphContext(database)):
            yield
    finally:
        await database.close()
