"""The parts of Kubernetes' objects that the server reads, with their types and bounds.

Most of an object is in the hands of those who may write in its namespace. `shaped` returns a dict
with these keys only, and each value has the type that it says. A key that is null is absent.
"""

from typing import Annotated, Any, Final, Required, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    TypeAdapter,
    ValidationError,
    with_config,
)
from typing_extensions import TypedDict

from jvscheduler.edge.values import Error, Line, Name, Small, present, problem_of, read_time

T = TypeVar("T")

NEVER: Final = ("1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z")
"""The start, as container runtimes have it, of a container that could not be started."""

_STRICT: Final = ConfigDict(strict=True, extra="ignore")
_strict = with_config(_STRICT)
_INT32: Final = 2**31


def _checked_time(text: str) -> str:
    if text not in NEVER:
        read_time(text)
    return text


def _checked_code(code: int) -> int:
    if not -_INT32 <= code < _INT32:
        raise ValueError("an exit code has 32 bits")
    return code


TimeText = Annotated[str, AfterValidator(_checked_time)]
ExitCode = Annotated[int, AfterValidator(_checked_code)]
Part = Annotated[T, BeforeValidator(present)]
"""A part of an object, without its keys that are null."""


@_strict
class Owner(TypedDict, total=False):
    kind: Required[Name]
    name: Required[Name]
    uid: Required[Name]
    controller: bool


@_strict
class Edit(TypedDict, total=False):
    time: TimeText
    subresource: str


@_strict
class Metadata(TypedDict, total=False):
    name: Required[Name]
    namespace: Required[Name]
    uid: Name
    generation: Small
    creationTimestamp: TimeText
    deletionTimestamp: TimeText
    deletionGracePeriodSeconds: Small
    labels: dict[str, str]
    annotations: dict[str, str]
    managedFields: list[Part[Edit]]
    ownerReferences: list[Part[Owner]]


@_strict
class OwnedSpec(TypedDict, total=False):
    taskID: Name


@_strict
class Owned(TypedDict, total=False):
    """What an object of any kind says about whose it is."""

    metadata: Required[Part[Metadata]]
    spec: Part[OwnedSpec]


@_strict
class Variable(TypedDict, total=False):
    name: Required[str]
    value: str


@_strict
class Container(TypedDict, total=False):
    name: Required[Name]
    env: list[Part[Variable]]


@_strict
class PodSpec(TypedDict, total=False):
    nodeName: Name
    containers: list[Part[Container]]


@_strict
class Running(TypedDict, total=False):
    startedAt: TimeText


@_strict
class Waiting(TypedDict, total=False):
    reason: Line
    message: Error


@_strict
class Terminated(TypedDict, total=False):
    exitCode: ExitCode
    reason: Line
    message: Error
    startedAt: TimeText
    finishedAt: TimeText


@_strict
class ContainerState(TypedDict, total=False):
    running: Part[Running]
    waiting: Part[Waiting]
    terminated: Part[Terminated]


@_strict
class ContainerStatus(TypedDict, total=False):
    name: Required[Name]
    restartCount: Small
    state: Part[ContainerState]
    lastState: Part[ContainerState]


@_strict
class Condition(TypedDict, total=False):
    type: Required[Line]
    status: Line
    reason: Line
    message: Error
    observedGeneration: Small
    lastTransitionTime: TimeText


@_strict
class PodStatus(TypedDict, total=False):
    phase: Line
    reason: Line
    message: Error
    startTime: TimeText
    conditions: list[Part[Condition]]
    containerStatuses: list[Part[ContainerStatus]]
    initContainerStatuses: list[Part[ContainerStatus]]


@_strict
class Pod(TypedDict, total=False):
    metadata: Required[Part[Metadata]]
    spec: Part[PodSpec]
    status: Part[PodStatus]


@_strict
class TemplateMetadata(TypedDict, total=False):
    annotations: dict[str, str]


@_strict
class Template(TypedDict, total=False):
    metadata: Part[TemplateMetadata]
    spec: Part[PodSpec]


@_strict
class JobSpec(TypedDict, total=False):
    backoffLimit: Small
    template: Part[Template]


@_strict
class JobStatus(TypedDict, total=False):
    failed: Small
    conditions: list[Part[Condition]]


@_strict
class Job(TypedDict, total=False):
    metadata: Required[Part[Metadata]]
    spec: Part[JobSpec]
    status: Part[JobStatus]


@_strict
class JobTemplate(TypedDict, total=False):
    spec: Required[Part[JobSpec]]


@_strict
class CronJobSpec(TypedDict, total=False):
    schedule: Required[Line]
    timeZone: Line
    suspend: bool
    concurrencyPolicy: Line
    startingDeadlineSeconds: Small
    jobTemplate: Required[Part[JobTemplate]]


@_strict
class CronJobStatus(TypedDict, total=False):
    lastScheduleTime: TimeText


@_strict
class CronJob(TypedDict, total=False):
    metadata: Required[Part[Metadata]]
    spec: Required[Part[CronJobSpec]]
    status: Part[CronJobStatus]


@_strict
class Involved(TypedDict, total=False):
    uid: str


@_strict
class Series(TypedDict, total=False):
    lastObservedTime: TimeText


@_strict
class Event(TypedDict, total=False):
    metadata: Required[Part[Metadata]]
    involvedObject: Required[Part[Involved]]
    reason: Required[Line]
    message: Error
    firstTimestamp: TimeText
    lastTimestamp: TimeText
    eventTime: TimeText
    series: Part[Series]


@_strict
class TaskSpec(TypedDict, total=False):
    taskID: Required[Name]
    schedule: Required[Line]
    timeZone: Line
    suspend: bool


@_strict
class TaskStatus(TypedDict, total=False):
    backend: Line
    loop: Line
    active: Small
    lastScheduleTime: TimeText
    lastSuccessfulTime: TimeText
    nextScheduleTime: TimeText
    resolvedSchedule: Line
    consecutiveFailures: Small
    lastJob: dict[str, Line | None]
    conditions: list[Part[Condition]]


@_strict
class Task(TypedDict, total=False):
    metadata: Required[Part[Metadata]]
    spec: Required[Part[TaskSpec]]
    status: Part[TaskStatus]


OWNED: Final = TypeAdapter(Part[Owned])
POD: Final = TypeAdapter(Part[Pod])
JOB: Final = TypeAdapter(Part[Job])
CRON_JOB: Final = TypeAdapter(Part[CronJob])
EVENT: Final = TypeAdapter(Part[Event])
TASK: Final = TypeAdapter(Part[Task])


def shaped(shape: TypeAdapter[T], item: Any) -> T:
    """Return the parts of an object that have a shape. Raises ValueError, without the content."""
    try:
        return shape.validate_python(item)
    except ValidationError as error:
        raise ValueError(problem_of(error)) from None
