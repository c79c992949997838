"""`jvscheduler dev chdir --once note` with the default database: record and entity in one file."""

import os
import tempfile

from jvscheduler import on_schedule
from jvscheduler.history import Object

os.chdir(tempfile.mkdtemp())


class Note(Object):
    text: str = ""


@on_schedule("every 1 hour")
async def note() -> int:
    await Note.create(text="x")
    return await Note.count({})
