"""CEL rules: what the API server refuses at admission, in words, that a type cannot say.

Each rule has a message for the user whose object breaks it. It says what `build` says.
Texts and lists have limits, because the API server refuses a CRD whose rules may take
too long.
"""

from typing import Any, Final

from pydantic.config import JsonDict

from jvscheduler.manifests import patterns
from jvscheduler.tasks import JOB_RETRY_SECONDS

Rule = dict[str, Any]

ENTRYPOINT_MESSAGE: Final = (
    "must be package.module:name, such as shop.tasks:restock, or package.module:Class.name: names "
    "as Python has them, without dashes"
)
EXCEPTION_MESSAGE: Final = (
    "must be the dotted name of an exception, such as ValueError or shop.errors.SoldOut"
)
TASK_ID_MESSAGE: Final = (
    "must be ASCII letters, digits, '.', '_' and '-', such as shop.tasks.restock"
)
_ZONE_MESSAGE: Final = (
    "must be an IANA time zone such as UTC or Europe/Berlin, and no offset such as +02:00"
)

PATTERN_MESSAGES: Final = {
    "entrypoint": ENTRYPOINT_MESSAGE,
    "image": patterns.IMAGE_MESSAGE,
    "noRetryOn": EXCEPTION_MESSAGE,
    "taskID": TASK_ID_MESSAGE,
    "timeZone": _ZONE_MESSAGE,
}
"""The message for each field of the spec whose value must match a pattern."""


def rules(*found: tuple[str, str] | Rule) -> JsonDict:
    """Each is a rule as the CRD has it, or a pair of its CEL expression and its message."""
    listed: list[Any] = [
        r if isinstance(r, dict) else {"rule": r[0], "message": r[1]} for r in found
    ]
    return {"x-kubernetes-validations": listed}


def at(field: str, rule: str, message: str) -> Rule:
    """A rule whose refusal names this field."""
    return {"rule": rule, "message": message, "fieldPath": field}


def in_words(*found: tuple[str, str] | Rule) -> Any:
    """Rules in place of the field's pattern, whose refusal would show only the pattern."""

    def change(schema: JsonDict) -> None:
        del schema["pattern"]
        schema.update(rules(*found))

    return change


def _matches(pattern: str) -> str:
    return f"self.matches(r'{pattern}')"


_FIRST_FIELD: Final = r"(?:[0-9*?][^\s]*|[Hh](?:[/(,][^\s]*)?)"
"""The whole field: a pattern that ended in the space behind `H` would count the next one too."""
_FIVE_FIELDS: Final = (
    "expected five cron fields (minute, hour, day of month, month, day of week): Kubernetes has "
    "none for seconds or years"
)
_SCHEDULE_MESSAGES: Final = (
    (
        r"(?i)^\s*(?:cron_)?tz=",
        "the time zone has a field of its own: set timeZone, and leave it out of schedule",
    ),
    (r"(?i)^\s*@every\s", "write an interval in words, such as 'every 5 minutes'"),
    (
        r"^\s*@",
        "expected one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly",
    ),
    (rf"^\s*{_FIRST_FIELD}(?:\s+[^\s]+){{0,3}}\s*$", _FIVE_FIELDS),
    (rf"^\s*{_FIRST_FIELD}(?:\s+[^\s]+){{5,}}\s*$", _FIVE_FIELDS),
    (
        rf"^\s*{_FIRST_FIELD}\s+[^\s]+(?:\s+[^\s]+){{0,2}}\s+[Hh](?:[/(,]|\s|$)",
        "H is for the fields minute and hour: it is a value that follows from taskID",
    ),
    (
        r"^\s*(?:[^\s]+\s+){4}(?:[^\s]*[,-])?7[^\s]*\s*$",
        "day of week: expected 0-6 or sun-sat; Sunday is 0, not 7",
    ),
    (
        rf"^\s*{_FIRST_FIELD}(?:\s|$)",
        "a cron field is out of its range: minute 0-59, hour 0-23, day of month 1-31, month 1-12 "
        "or jan-dec, day of week 0-6 or sun-sat, a step 1 or more",
    ),
)
"""Patterns of frequent mistakes, each with its message. The first that matches decides."""

_SCHEDULE_MESSAGE: Final = (
    "must be a phrase such as 'every 5 minutes', 'every 5 to 10 minutes', 'daily at 14:30', "
    "'every weekday at 08:15', 'weekly on monday' or 'monthly on 15 at 12:00', or five cron fields"
)


def _message_expression() -> str:
    choices = (f'{_matches(pattern)} ? "{text}" : ' for pattern, text in _SCHEDULE_MESSAGES)
    return "".join(choices) + f'"{_SCHEDULE_MESSAGE}"'


SCHEDULE: Final = rules(
    {
        "rule": _matches(patterns.SCHEDULE),
        "message": _SCHEDULE_MESSAGE,
        "messageExpression": _message_expression(),
    }
)
TIME_ZONE: Final = in_words(
    (
        f"!{_matches(patterns.MACHINE_ZONE)}",
        "must be an IANA time zone, and not the local zone of a machine",
    ),
    (
        f"{_matches(patterns.TIME_ZONE)} && timestamp('2000-01-01T00:00:00Z').getHours(self) >= 0",
        _ZONE_MESSAGE,
    ),
)
TASK_ID: Final = in_words(
    (
        "self == oldSelf",
        "taskID is immutable, the history is keyed by it: create another ScheduledTask instead",
    ),
    (_matches(patterns.TASK_ID), TASK_ID_MESSAGE),
)
EXCEPTION: Final = in_words((_matches(patterns.EXCEPTION), EXCEPTION_MESSAGE))
ENTRYPOINT: Final = in_words((_matches(patterns.ENTRYPOINT), ENTRYPOINT_MESSAGE))
IMAGE: Final = in_words((_matches(patterns.IMAGE), patterns.IMAGE_MESSAGE))

_CRON_JOB_NOT_ASKED: Final = "!has(self.backend) || self.backend != 'CronJob'"
_JOB_WAITS_SO: Final = f"self.backoffLimit == 0 || self.retryDelaySeconds >= {JOB_RETRY_SECONDS}"
_ON_CRON_JOB: Final = (
    "(!has(self.backend) || self.backend != 'Loop') && self.dst == 'cron' && "
    f"self.concurrencyPolicy != 'Replace' && ({_JOB_WAITS_SO}) && "
    f"self.schedule.matches(r'{patterns.WALL_CLOCK}')"
)
"""True for every task that a CronJob may carry. The pattern lets some through that it cannot."""

_WITHOUT_CONTAINERS: Final = (
    "!has(self.template) || !has(self.template.spec) || !has(self.template.spec.containers)"
)
_CONTAINERS: Final = ".template.spec.containers"

SPEC: Final = rules(
    (
        f"self.dst == 'cron' || self.schedule.matches(r'{patterns.WALL_CLOCK}')",
        "dst is for wall-clock times, and this schedule is an interval, which no clock change "
        "moves: leave dst out",
    ),
    (
        f"{_CRON_JOB_NOT_ASKED} || self.schedule.matches(r'{patterns.WALL_CLOCK}')",
        "no CronJob is due at the instants of this schedule: leave backend out, or say Loop",
    ),
    (
        f"{_CRON_JOB_NOT_ASKED} || self.dst == 'cron'",
        "no CronJob is due at the instants of dst 'once': leave backend out, or say Loop",
    ),
    (
        f"{_CRON_JOB_NOT_ASKED} || self.concurrencyPolicy != 'Replace'",
        "a CronJob skips jobs over maxConcurrency: for concurrencyPolicy Replace leave backend "
        "out, or say Loop",
    ),
    (
        f"{_CRON_JOB_NOT_ASKED} || {_JOB_WAITS_SO}",
        f"a Kubernetes Job waits at least {JOB_RETRY_SECONDS} s before a retry: for a shorter "
        "retryDelaySeconds leave backend out, or say Loop",
    ),
    at(
        _CONTAINERS,
        f"{_WITHOUT_CONTAINERS} || {_ON_CRON_JOB} || "
        "self.template.spec.containers.all(c, !(c.name in ['loop', 'worker']))",
        "'loop' and 'worker' are containers of the loop that serves this task: give yours another "
        "name",
    ),
    at(
        _CONTAINERS,
        f"{_WITHOUT_CONTAINERS} || {_ON_CRON_JOB} || "
        "self.template.spec.containers.all(c, c.name != 'task' || !has(c.command) && !has(c.args))",
        "command and args of the container 'task' must be left out: the worker of the loop that "
        "serves this task is started in its place",
    ),
)
