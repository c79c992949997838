"""Lists in pages: an answer has at most 1 MiB, and says where the next one begins.

A cursor is text in which every value that the pattern allows has a meaning. So a cursor that
somebody made up is either refused by the pattern, or begins somewhere.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, TypeVar

from fastapi import Response
from pydantic import BaseModel, Field
from pydantic_core import PydanticSerializationError

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.listings import JobFilter, JobPage, Position
from jvscheduler.history.store.protocol import JobListings

T = TypeVar("T", bound=BaseModel)

MAX_BYTES: Final = 1024 * 1024
"""Of an answer."""

MAX_ITEM_BYTES: Final = MAX_BYTES // 2
"""Of one item in a list. So each page has one item at least."""

_MARGIN_BYTES: Final = 64 * 1024
"""For what an answer has besides its items."""

_FEWEST, _MOST = 10, 250
"""Rows in one query. The first query has the fewest, because a record may have 400 KiB."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

JobCursor = Annotated[
    str, Field(pattern=r"^[0-9]{0,16}-[0-9]{1,5}-([0-9a-f]{2}){0,300}$", max_length=700)
]
KeyCursor = Annotated[str, Field(pattern=r"^([0-9a-f]{2}){1,600}$", max_length=1200)]


def write_position(position: Position | None) -> str | None:
    if position is None:
        return None
    time = position.execution_time
    micros = "" if time is None else str((time - _EPOCH) // timedelta(microseconds=1))
    return f"{micros}-{position.skip}-{position.job_id.encode().hex()}"


def read_position(cursor: str | None) -> Position | None:
    if cursor is None:
        return None
    micros, skip, job_id = cursor.split("-")
    time = _EPOCH + timedelta(microseconds=int(micros)) if micros else None
    return Position(time, _text(job_id), int(skip))


def write_key(key: Sequence[str]) -> str:
    return "\n".join(key).encode().hex()


def read_key(cursor: str | None) -> tuple[str, ...]:
    """Return the key after which the page begins; () is before all."""
    return () if cursor is None else tuple(_text(cursor).split("\n"))


def _text(coded: str) -> str:
    # No database takes a NUL in a text, and PostgreSQL fails on one.
    return bytes.fromhex(coded).decode(errors="replace").replace("\0", "")


def size_of(item: BaseModel) -> int:
    """Return its bytes of JSON. What JSON cannot express counts as too large."""
    try:
        return len(item.model_dump_json().encode())
    except (PydanticSerializationError, UnicodeEncodeError):
        return MAX_BYTES + 1


def fitting(items: Sequence[T]) -> list[T]:
    """Return as many of the first items as an answer has room for."""
    left = MAX_BYTES - _MARGIN_BYTES
    for number, item in enumerate(items):
        left -= size_of(item)
        if left < 0:
            return list(items[:number])
    return list(items)


def answer(body: BaseModel) -> Response:
    """Write the answer at once: FastAPI would first make a second copy of it, of dicts."""
    return Response(body.model_dump_json(), media_type="application/json")


async def read_jobs(
    store: JobListings, wanted: JobFilter, limit: int, after: Position | None
) -> JobPage:
    """Read at most `limit` rows, and not many more than an answer has room for."""
    jobs: list[ScheduledJob] = []
    undecodable: list[str] = []
    read = size = 0
    count = _FEWEST
    while True:
        page = await store.newest(wanted, min(count, limit - read), after)
        sizes = {job.id: size_of(job) for job in page.jobs}
        jobs += [job for job in page.jobs if sizes[job.id] <= MAX_ITEM_BYTES]
        undecodable += [*page.undecodable, *(i for i, n in sizes.items() if n > MAX_ITEM_BYTES)]
        size += sum(sizes.values())
        read += len(page.jobs) + len(page.undecodable)
        after = page.next
        if after is None or read >= limit or size >= MAX_BYTES:
            return JobPage(jobs, undecodable, after)
        count = max(_FEWEST, min(_MOST, MAX_BYTES * read // (4 * max(size, 1))))


def without_largest(job: T, names: Sequence[str], empty: dict[str, Any]) -> T:
    """Return the job as it fits into an answer: without the largest of these fields, if need be."""
    left_out: list[str] = []
    while size_of(job) > MAX_BYTES - _MARGIN_BYTES and len(left_out) < len(names):
        rest = [name for name in names if name not in left_out]
        sizes = {n: size_of(job) - size_of(job.model_copy(update={n: empty[n]})) for n in rest}
        largest = max(sizes, key=lambda name: sizes[name])
        left_out.append(largest)
        job = job.model_copy(update={largest: empty[largest], "left_out": left_out})
    return job
