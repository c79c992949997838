"""The definitions of tasks over time. Due instants are judged by them afterwards.

A scheduler adds a revision when it first sees a definition that differs from the last one. The
revision is in force from `since` until the next revision's. `since` is when somebody could have
acted on the definition, so an edit never makes an instant due in the past.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Self

from pydantic import PrivateAttr, ValidationError

from jvscheduler.errors import InvalidSchedule
from jvscheduler.history.entities.objects import Object
from jvscheduler.history.errors import UndecodableRecord
from jvscheduler.history.queries.matching import Row
from jvscheduler.history.times import Time
from jvscheduler.names import revision_id
from jvscheduler.schedules import Dst, Schedule, parse_schedule

ENTITY = "ScheduleRevision"

_WHOSE_AND_WHEN: Final = frozenset({"job_name", "namespace", "since"})
_LONGEST_DEADLINE: Final = 2**31 - 1
"""Seconds, as in the spec. With many more a time would lie after the last one that there is."""


class ScheduleRevision(Object):
    """A task's definition, as far as it decides which instants are due and how many may run."""

    job_name: str = ""
    """The task's id, as in ScheduledJob."""
    namespace: str = ""
    since: Time | None = None
    schedule: str = ""
    time_zone: str = "UTC"
    dst: Dst = "cron"
    suspended: bool = False
    removed: bool = False
    """True when the task was deleted: nothing is due until a later revision."""
    max_concurrency: int = 1
    starting_deadline_seconds: int | None = None
    backend: str = ""
    """`CronJob` or `Loop`."""
    _defect: str = PrivateAttr(default="")
    """Why a part of its row was set aside."""

    def parsed(self) -> Schedule:
        """The schedule. A random interval draws from the task's id. Raises InvalidSchedule."""
        if self._defect:
            raise InvalidSchedule(self._defect)
        return parse_schedule(self.schedule, self.time_zone, seed=self.job_name, dst=self.dst)

    @property
    def problem(self) -> str:
        """Why this version cannot tell what was due. Empty when it can.

        A newer version, or a hand, may have written anything.
        """
        try:
            self.parsed()
        except InvalidSchedule as error:
            return str(error)
        return ""

    def starting_deadline(self) -> timedelta | None:
        """How late a job may start. None: there is no limit, or it is longer than any downtime."""
        seconds = self.starting_deadline_seconds
        if seconds is None or not 0 <= seconds <= _LONGEST_DEADLINE:
            return None
        return timedelta(seconds=seconds)

    def meaning(self) -> dict[str, object]:
        """The fields that matter: a later revision is added only when one of them changed."""
        fields = self.model_dump(exclude={"id", "since", "entity", "type_code"})
        return {**fields, "defect": self._defect}

    @classmethod
    def get_indexes(cls) -> list[dict[str, Any]]:
        """None: all entities share one table, so each row of any entity pays for each index.

        There are few revisions; their class alone finds them fast enough.
        """
        return []

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """Raises UndecodableRecord when the row does not say which task it is of, and since when.

        Any other row ends the revision before it. If it were dropped, that one would seem to be
        in force still, and all that was recorded since would be judged by it.
        """
        try:
            return cls._decoded(row)
        except UndecodableRecord as error:
            part = cls._readable_part(row)
            if part is None:
                raise
            part._defect = str(error)  # noqa: SLF001 - it is this class's own
            return part

    @classmethod
    def _readable_part(cls, row: Row) -> Self | None:
        context = row.get("context")
        fields = dict(context) if isinstance(context, dict) else {}
        while fields.keys() >= _WHOSE_AND_WHEN and None not in map(fields.get, _WHOSE_AND_WHEN):
            try:
                return cls(**{**fields, "id": str(row.get("id"))})
            except ValidationError as error:
                broken = {str(each["loc"][0]) for each in error.errors() if each["loc"]}
                if not broken & fields.keys():
                    return None
                fields = {name: value for name, value in fields.items() if name not in broken}
        return None

    def to_row(self) -> Row:
        context = self.model_dump(mode="json", exclude={"id", "entity", "type_code"})
        return {"id": self.id, "entity": self.entity, "context": context}


NEXT: Final = timedelta(microseconds=1)
"""The smallest step between two times that the databases can tell apart."""


def by_start(revisions: Iterable[ScheduleRevision]) -> Sequence[ScheduleRevision]:
    timed = [(revision.since, revision) for revision in revisions if revision.since is not None]
    return [revision for _, revision in sorted(timed, key=lambda pair: (pair[0], pair[1].id))]


def by_task(revisions: Iterable[ScheduleRevision]) -> dict[str, list[ScheduleRevision]]:
    """The revisions of one namespace by task id, in their order."""
    grouped: dict[str, list[ScheduleRevision]] = {}
    for revision in revisions:
        grouped.setdefault(revision.job_name, []).append(revision)
    return grouped


def beginning(last: ScheduleRevision | None, since: datetime) -> datetime:
    """When a revision after `last` begins: later than `last`, even within the same microsecond."""
    return since if last is None or last.since is None else max(since, last.since + NEXT)


def identified(revision: ScheduleRevision, since: datetime) -> ScheduleRevision:
    """The revision with its start, and with the id that follows from its start."""
    key = revision_id(revision.namespace, revision.job_name, since)
    return revision.model_copy(update={"id": key, "since": since})
