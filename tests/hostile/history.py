"""What anybody reads of the history: rows of each entity, and queries that users write."""

import contextlib
import json
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any, Final

from jvscheduler.edge.bounded_json import read_json
from jvscheduler.history.backends.mongodb.queries import mongo_query
from jvscheduler.history.backends.postgresql.sql import PostgresSql
from jvscheduler.history.backends.sqlite.sql import SqliteSql
from jvscheduler.history.decoding import row_of
from jvscheduler.history.errors import InvalidQuery, UndecodableRecord
from jvscheduler.history.queries.fields import fields_of, kinds_of
from jvscheduler.history.queries.matching import Row, matches, sort_rows
from jvscheduler.history.queries.parsing import parse, parse_sort
from jvscheduler.history.queries.pipeline import leading_match, run_pipeline
from jvscheduler.history.queries.updates import applied, parse_update
from jvscheduler.history.records.jobs import ScheduledJob, to_context, to_record
from jvscheduler.history.records.merge import first_record
from jvscheduler.history.records.presences import SchedulerPresence, stop_time, superseded
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.records.takeovers import UnsettledTakeover
from jvscheduler.history.records.takeovers import to_row as takeover_row
from jvscheduler.history.records.timeline import Timeline
from jvscheduler.history.slots.choice import TaskSlot, choose_slots
from jvscheduler.history.slots.requests import SlotRequest
from jvscheduler_server.api.job_answers import build_job
from tests.hostile.strategies import as_text
from tests.support.history.outcomes import NOON, begun, completed
from tests.support.history.stories import RESTOCK, presence, revision

HOUR: Final = timedelta(hours=1)
JOB_ROW: Final = to_record(first_record(completed(begun())))
SLOT: Final = TaskSlot(
    id="o.TaskSlot.x-0",
    job_name=RESTOCK,
    namespace="shop",
    holder="pod-a",
    owner="job",
    expiry_time=NOON,
)
TAKEOVER_ROW: Final = takeover_row(UnsettledTakeover("restock", revision(0)))


def judge_bytes(raw: bytes) -> None:
    try:
        read_json(raw)
    except ValueError:
        return


def decoded(decode: Callable[[Row], Any], use: Callable[[Any], None]) -> Callable[[Any], None]:
    """A row of the database, that one reader decodes and then uses."""

    def judge(row: Any) -> None:
        stored = {**row, "id": "r"} if isinstance(row, dict) else row
        try:
            found = decode(row_of("r", as_text(stored)))
        except UndecodableRecord as error:
            refuse_long(error)
            return
        use(found)

    return judge


def refuse_long(error: Exception) -> None:
    """What was written must not fill a log or an answer."""
    assert len(str(error)) < 2_000


def use_job(job: ScheduledJob) -> None:
    if job.execution_time is not None:
        build_job(job, None).model_dump_json().encode()
    json.dumps(to_context(job), allow_nan=False, ensure_ascii=False).encode()


def use_revision(found: ScheduleRevision) -> None:
    assert isinstance(found.problem, str)
    found.starting_deadline()
    timeline = Timeline([found])
    timeline.limit(NOON, NOON + HOUR)
    timeline.unreadable(NOON, NOON + HOUR)
    instants = [due.instant for due in timeline.due(NOON, NOON + timedelta(minutes=1))]
    assert len(instants) <= 60


def use_presence(found: SchedulerPresence) -> None:
    own = presence("own")
    stop_time([found, own], RESTOCK)
    superseded([found], own, frozenset(), NOON + HOUR)
    json.dumps(found.to_row()).encode()


def use_takeover(found: UnsettledTakeover) -> None:
    assert 0 < len(found.name) <= 512
    use_revision(found.revision)
    json.dumps(takeover_row(found)).encode()


def use_slot(found: TaskSlot) -> None:
    wanted = SlotRequest("b", RESTOCK, 2, "holder", "job")
    beside = SlotRequest("shop", RESTOCK, 2, "holder", "job")
    other, own = choose_slots([wanted, beside], [found], NOON)
    # A slot that says another task holds none of this one's.
    assert other is not None
    assert own is None or 0 <= own.number < 2


QUERY: Final = {
    "context.status": {"$in": ["failed", "timeout"]},
    "$or": [
        {"context.retry_count": {"$gte": 1, "$lt": 5}},
        {"context.job_name": {"$regex": "^shop", "$options": "i"}},
        {"context.result": {"$exists": True}},
    ],
    "$not": {"context.namespace": {"$ne": "shop"}},
}
SORT: Final = {"context.execution_time": -1, "context.status": 1}
UPDATE: Final = {"$set": {"context.result": 1}, "$inc": {"context.retry_count": 1}}
PIPELINE: Final = [
    {"$match": {"context.status": "failed"}},
    {"$group": {"_id": "$context.job_name", "count": {"$sum": 1}}},
    {"$sort": {"count": -1}},
    {"$limit": 3},
]
_RESOLVE: Final = fields_of(ScheduledJob)


def judge_query(query: Any) -> None:
    try:
        condition = parse(query, _RESOLVE)
    except InvalidQuery as error:
        refuse_long(error)
        return
    assert matches(JOB_ROW, condition) in (True, False)
    SqliteSql().where(condition)
    PostgresSql().where(condition)
    mongo_query(condition)


def judge_sort(sort: Any) -> None:
    with contextlib.suppress(InvalidQuery):
        sort_rows([JOB_ROW, JOB_ROW], parse_sort(sort, _RESOLVE))


def judge_update(update: Any) -> None:
    before = deepcopy(JOB_ROW)
    with contextlib.suppress(InvalidQuery):
        changed = applied(JOB_ROW, parse_update(update, _RESOLVE))
        json.dumps(changed).encode()
    assert before == JOB_ROW


def judge_pipeline(pipeline: Any) -> None:
    with contextlib.suppress(InvalidQuery):
        _, stages = leading_match(pipeline, kinds_of(ScheduledJob))
        run_pipeline([JOB_ROW, JOB_ROW], stages)
