"""Each edge at which another party's input comes in, what reads it there, and its hostile inputs.

Who adds an edge adds a line here. Two kinds of input have tests of their own: requests to the API
(`tests.fuzz`), and templates of tasks (`tests/unit/operator/test_template_policy.py`).
"""

from typing import Final

from jvscheduler.history.records.jobs import from_record
from jvscheduler.history.records.presences import SchedulerPresence
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.records.takeovers import from_row as takeover_from
from jvscheduler.history.slots.choice import TaskSlot
from tests.hostile import history, loop, operator, server
from tests.hostile.checking import Edge
from tests.hostile.strategies import anything, brackets, like, lines_like, raw
from tests.support.history.stories import presence, revision

_SHAPES: Final = "jvscheduler_server.kubernetes.shapes"
_CACHE: Final = "jvscheduler_operator.objects.shapes"


def _watched(kind: str, shape: str) -> Edge:
    inputs = like(server.OBJECTS[kind][1])
    return Edge(f"server: {kind}", f"{_SHAPES}.{shape}", inputs, server.listed(kind))


SERVER: Final = (
    Edge(
        "server: messages", "jvscheduler.edge.outcomes", like(server.MESSAGE), server.judge_message
    ),
    _watched("pods", "POD"),
    _watched("jobs", "JOB"),
    _watched("cron jobs", "CRON_JOB"),
    _watched("tasks", "TASK"),
    _watched("events", "EVENT"),
    Edge("server: owners", f"{_SHAPES}.OWNED", like(server.OWNERS), server.judge_chain),
    Edge(
        "server: token reviews",
        "jvscheduler_server.access.answers.read_token",
        like(server.REVIEW),
        server.judge_review,
    ),
    Edge(
        "server: access reviews",
        "jvscheduler_server.access.answers.read_access",
        like(server.RIGHTS),
        server.judge_rights,
    ),
    Edge(
        "server: front proxy",
        "jvscheduler_server.aggregation.front_proxy.read_front_proxy",
        like(server.FRONT_PROXY),
        server.judge_front_proxy,
    ),
    Edge(
        "server: headers",
        "jvscheduler_server.aggregation.front_proxy.FrontProxy",
        like(server.HEADERS),
        server.judge_headers,
    ),
)
OPERATOR: Final = (
    Edge("operator: tasks", f"{_CACHE}.OBJECT", like(operator.TASK), operator.cached("tasks")),
    Edge(
        "operator: tasks of loops",
        f"{_CACHE}.OBJECT",
        like(operator.LOOPED_TASK),
        operator.cached("tasks"),
    ),
    Edge(
        "operator: cron jobs",
        f"{_CACHE}.OBJECT",
        like(operator.CRON_JOB),
        operator.cached("cron jobs"),
    ),
    Edge(
        "operator: loops", f"{_CACHE}.OBJECT", like(operator.DEPLOYMENT), operator.cached("loops")
    ),
    Edge("operator: jobs", f"{_CACHE}.JOB", like(operator.JOB), operator.waiting("jobs")),
    Edge("operator: pods", f"{_CACHE}.POD", like(operator.TASK_POD), operator.waiting("pods")),
    Edge("operator: events", f"{_CACHE}.EVENT", like(operator.EVENT), operator.waiting("events")),
    Edge(
        "operator: pods of loops",
        f"{_CACHE}.POD",
        like(operator.LOOP_POD),
        operator.judge_loop_pods,
    ),
    Edge(
        "operator: events of loops",
        f"{_CACHE}.EVENT",
        like(operator.EVENT),
        operator.judge_loop_events,
    ),
    Edge("operator: secrets", f"{_CACHE}.OBJECT", like(operator.SECRET), operator.judge_secret),
    Edge(
        "operator: answers",
        "jvscheduler_operator.cluster.kubernetes",
        like(operator.ANSWER) | brackets,
        operator.judge_answer,
    ),
)
LOOP: Final = (
    Edge(
        "loop: assignments",
        "jvscheduler_server.loop_pod.assignments.to_assignment",
        like(loop.ASSIGNED),
        loop.judge_assignment,
    ),
    Edge(
        "loop: lines of its worker",
        "jvscheduler.worker.messages.decode",
        like(loop.ENDED) | like(loop.HELLO) | like(loop.PREPARED),
        loop.judge_line,
    ),
    Edge(
        "loop: ends",
        "jvscheduler.loop.execution.outcomes.outcome_of_end",
        like(loop.END) | anything,
        loop.judge_end,
    ),
    Edge(
        "loop: its claims on disk",
        "jvscheduler.loop.worker_link.claim_memory.ClaimMemory",
        lines_like(loop.CLAIM_LINES),
        loop.judge_claims,
    ),
    Edge(
        "loop: its spool on disk",
        "jvscheduler.loop.recording.spool.Spool",
        lines_like(loop.SPOOL_LINES),
        loop.judge_spool,
    ),
    Edge(
        "attempt: its report",
        "jvscheduler.attempt.report.SharedReport",
        like(loop.REPORT),
        loop.judge_report,
    ),
)
HISTORY: Final = (
    Edge(
        "history: texts",
        "jvscheduler.edge.bounded_json.read_json",
        raw | brackets.map(str.encode),
        history.judge_bytes,
    ),
    Edge(
        "history: jobs",
        "jvscheduler.history.records.jobs.from_record",
        like(history.JOB_ROW),
        history.decoded(from_record, history.use_job),
    ),
    Edge(
        "history: revisions",
        "jvscheduler.history.records.revisions.ScheduleRevision",
        like(revision(0).to_row()),
        history.decoded(ScheduleRevision.from_row, history.use_revision),
    ),
    Edge(
        "history: presences",
        "jvscheduler.history.records.presences.SchedulerPresence",
        like(presence("w").to_row()),
        history.decoded(SchedulerPresence.from_row, history.use_presence),
    ),
    Edge(
        "history: takeovers",
        "jvscheduler.history.records.takeovers.from_row",
        like(history.TAKEOVER_ROW),
        history.decoded(takeover_from, history.use_takeover),
    ),
    Edge(
        "history: slots",
        "jvscheduler.history.slots.choice.TaskSlot",
        like(history.SLOT.to_row()),
        history.decoded(TaskSlot.from_row, history.use_slot),
    ),
    Edge(
        "history: queries",
        "jvscheduler.history.queries.parsing.parse",
        like(history.QUERY),
        history.judge_query,
    ),
    Edge(
        "history: sorts",
        "jvscheduler.history.queries.parsing.parse_sort",
        like(history.SORT),
        history.judge_sort,
    ),
    Edge(
        "history: updates",
        "jvscheduler.history.queries.updates.parse_update",
        like(history.UPDATE),
        history.judge_update,
    ),
    Edge(
        "history: pipelines",
        "jvscheduler.history.queries.pipeline.leading_match",
        like(history.PIPELINE),
        history.judge_pipeline,
    ),
)
EDGES: Final = (*SERVER, *OPERATOR, *LOOP, *HISTORY)
