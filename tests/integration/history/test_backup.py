"""docs/operations/backup.md: what its commands save and restore is the same history."""

import asyncio
import re
import shlex
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.store.database import open_store
from jvscheduler.history.store.protocol import LoopStore
from tests.support.history.outcomes import completed, of_job
from tests.support.history.stories import all_of, revision, stretch
from tests.support.readme import ROOT

T = TypeVar("T")
PAGE = (ROOT / "docs/operations/backup.md").read_text()


def options(command: str) -> list[str]:
    """The page's options of a command, without those that say where the database is."""
    (words,) = re.findall(rf"^  {command} (.*?)(?: jvscheduler)? [<>]", PAGE, re.MULTILINE)
    return [w for w in shlex.split(words) if not w.startswith(("--username", "--dbname"))]


def with_store(url: str, act: Callable[[LoopStore], Awaitable[T]]) -> T:
    async def story() -> T:
        store = open_store(url, create_indexes=True)
        await store.open()
        try:
            return await act(store)
        finally:
            await store.close()

    return asyncio.run(story())


async def fill(store: LoopStore) -> list[ScheduledJob]:
    await store.add_revisions([revision(0)])
    await store.record_all([completed(of_job(n)) for n in (1, 2)])
    await store.record_stretches([stretch(3, 5, 3)])
    return await all_of(store)


async def fill_later(store: LoopStore) -> None:
    await store.record_all([completed(of_job(n)) for n in (6, 7)])


def test_a_restored_history_is_the_one_that_was_saved(postgres_url: str, tmp_path: Path) -> None:
    dump = tmp_path / "history.dump"
    saved = with_store(postgres_url, fill)
    with dump.open("wb") as file:
        command = ["pg_dump", *options("pg_dump"), f"--dbname={postgres_url}"]
        subprocess.run(command, stdout=file, check=True)
    with_store(postgres_url, fill_later)
    with dump.open("rb") as file:
        command = ["pg_restore", *options("pg_restore"), f"--dbname={postgres_url}"]
        subprocess.run(command, stdin=file, check=True)
    assert with_store(postgres_url, all_of) == saved
    with_store(postgres_url, fill_later)
    assert len(with_store(postgres_url, all_of)) == len(saved) + 2
