"""Rows that a database takes and no scheduler writes: each is set aside, and fails no other."""

import asyncio
import json
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from jvscheduler.edge.set_aside import counts
from jvscheduler.history.decoding import each_decoded, row_of
from jvscheduler.history.errors import UndecodableRecord
from jvscheduler.history.records.jobs import from_record, to_record
from jvscheduler.history.records.merge import first_record
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.store.database import open_store
from jvscheduler_server.access.access import OpenGate
from jvscheduler_server.api.app import create_app
from tests.support.history.outcomes import NOON, completed, of_job
from tests.support.history.stories import revision
from tests.support.server.in_memory import FakeCluster

GOOD = completed(of_job(0))
ATTEMPT: dict[str, Any] = {
    "attempt_id": "a",
    "status": "failed",
    "start_time": "2026-03-02T12:00:00+00:00",
}
BAD: dict[str, dict[str, Any]] = {
    "a time before all calendars": {"completed_at": "0001-01-01T00:00:00+14:00"},
    "a time after all calendars": {"completed_at": "9999-12-31T23:59:59-14:00"},
    "a time in a thousand years": {"execution_time": "3026-01-01T00:00:00+00:00"},
    "seconds as the text of an infinite number": {"duration_seconds": "inf"},
    "seconds as a text of 5000 digits": {"cpu_seconds": "9" * 5000},
    "a count below nothing": {"instants": -1},
    "a count beyond all": {"retry_count": 10**300},
    "an attempt with a number as its reason": {"attempts": [{**ATTEMPT, "reason": 5}]},
    "an attempt with a list as its error": {"attempts": [{**ATTEMPT, "error_message": []}]},
    "an attempt with a text as its number": {"attempts": [{**ATTEMPT, "number": "one"}]},
    "an attempt outside of calendars": {
        "attempts": [{**ATTEMPT, "start_time": "0001-01-01T00:00:00+14:00"}]
    },
    "an attempt in a thousand years": {
        "attempts": [{**ATTEMPT, "completion_time": "3026-01-01T00:00:00+00:00"}]
    },
    "attempts that are none": {"attempts": [[]]},
}
STORED_TEXTS = {
    "a number that becomes infinity": '"cpu_seconds": 1e999',
    "half a character": '"error_message": "\\ud800"',
    "a number of 5000 digits": f'"peak_memory_bytes": {"9" * 5000}',
}
"""What SQLite takes for JSON, in fields that lists read."""
OTHER_TEXTS = {
    "a result that becomes infinite": '"result": [1e999]',
    "a result of 5000 digits": f'"result": {"9" * 5000}',
    "NaN": '"cpu_seconds": NaN',
    "infinity": '"cpu_seconds": -Infinity',
    "10000 levels": f'"result": {"[" * 10_000}{"]" * 10_000}',
}
TEXTS = STORED_TEXTS | OTHER_TEXTS


def row(number: int, **fields: Any) -> dict[str, Any]:
    record = to_record(first_record(completed(of_job(number))))
    return {**record, "context": {**record["context"], **fields}}


@pytest.mark.parametrize("fields", BAD.values(), ids=BAD)
def test_a_record_that_no_scheduler_writes_is_set_aside(fields: dict[str, Any]) -> None:
    with pytest.raises(UndecodableRecord) as error:
        from_record(row(1, **fields))
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value)) < 1000


def with_text(number: int, part: str) -> str:
    name = part.partition(":")[0]
    text = json.dumps(row(number)).replace(f"{name}: null", part)
    assert part in text
    return text


@pytest.mark.parametrize("part", TEXTS.values(), ids=TEXTS)
def test_a_text_that_no_answer_can_be_written_with_is_set_aside(part: str) -> None:
    with pytest.raises(UndecodableRecord):
        from_record(row_of("bad", with_text(1, part)))


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_revision_that_begins_outside_of_calendars_is_set_aside(since: str) -> None:
    stored = revision(0).to_row()
    with pytest.raises(UndecodableRecord):
        ScheduleRevision.from_row({**stored, "context": {**stored["context"], "since": since}})


def test_the_history_and_the_api_answer_with_all_other_rows(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    url = f"sqlite:///{file}"

    async def fill() -> None:
        store = open_store(url)
        await store.open()
        await store.record(GOOD)
        await store.close()

    asyncio.run(fill())
    texts = [json.dumps(row(n, **fields)) for n, fields in enumerate(BAD.values(), 1)]
    texts += [with_text(n, part) for n, part in enumerate(STORED_TEXTS.values(), 100)]
    with sqlite3.connect(file) as connection:
        rows = [("object", f"bad{number}", text) for number, text in enumerate(texts)]
        connection.executemany("INSERT INTO records VALUES (?, ?, ?)", rows)

    async def read() -> None:
        store = open_store(url)
        found = await store.recent(NOON - timedelta(hours=1), None, 1000)
        assert [job.id for job in found.jobs] == [GOOD.job_id]
        assert await store.unfinished() == []
        await store.close()

    asyncio.run(read())
    with TestClient(create_app(open_store(url), FakeCluster(), OpenGate())) as client:
        answer = client.get("/api/scheduler/jobs/recent", params={"hours": 24 * 365})
        assert answer.status_code == 200
        assert [job["id"] for job in answer.json()["jobs"]] == [GOOD.job_id]
        assert client.get("/api/scheduler/status").status_code == 200


def test_a_row_is_counted_and_named_once_however_often_it_is_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for _ in range(3):
        found, left_out = each_decoded(
            [row_of("r", "7"), to_record(first_record(GOOD))], from_record
        )
        assert ([job.id for job in found], left_out) == ([GOOD.job_id], ["r"])
    assert counts() == {"rows": 1}
    assert caplog.text.count("rows: r is set aside") == 1
