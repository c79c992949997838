"""What an object must look like for the operator to read it. Others are set aside.

Whoever may write in a namespace decides what its objects say, and the cache and lists hold those
of all. An object without the shape below would fail the list in which it comes, and all others
with it.
"""

import logging
from collections.abc import Iterable
from typing import Annotated, Any, Final, Required

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from jvscheduler.edge.set_aside import SetAside, name_of
from jvscheduler.edge.values import Name, problem_of
from jvscheduler_operator.objects.manifests import Manifest

_strict = with_config(ConfigDict(strict=True, extra="ignore"))


def _encodable(text: str) -> str:
    text.encode()
    return text


_Text = Annotated[str, AfterValidator(_encodable)]
"""A text that a condition or an Event can have."""
_ResourceVersion = Annotated[str, Field(pattern=r"\A[0-9]{1,20}\z")]


@_strict
class _Owner(TypedDict, total=False):
    uid: Required[Name]
    controller: bool


@_strict
class _Metadata(TypedDict, total=False):
    name: Required[Name]
    namespace: Required[Name]
    uid: Name
    generation: int
    creationTimestamp: Name
    deletionTimestamp: Name
    labels: dict[str, str]
    annotations: dict[str, str]
    ownerReferences: list[_Owner]


@_strict
class _Condition(TypedDict, total=False):
    type: Required[str]
    status: Required[str]
    reason: _Text
    message: _Text


@_strict
class _Status(TypedDict, total=False):
    loop: str
    backend: str
    availableReplicas: int
    conditions: list[_Condition]


@_strict
class _Versioned(_Metadata):
    resourceVersion: Required[_ResourceVersion]


@_strict
class _Object(TypedDict, total=False):
    metadata: Required[_Versioned]
    spec: dict[str, Any]
    status: _Status


@_strict
class _TemplateMetadata(TypedDict, total=False):
    labels: dict[str, str]
    annotations: dict[str, str]


@_strict
class _Template(TypedDict, total=False):
    metadata: _TemplateMetadata
    spec: Required[dict[str, Any]]


@_strict
class _JobSpec(TypedDict, total=False):
    suspend: bool
    template: Required[_Template]


@_strict
class _JobStatus(TypedDict, total=False):
    failed: int
    succeeded: int
    conditions: list[_Condition]


@_strict
class _Job(TypedDict, total=False):
    metadata: Required[_Versioned]
    spec: Required[_JobSpec]
    status: _JobStatus


@_strict
class _Waiting(TypedDict, total=False):
    reason: _Text
    message: _Text


@_strict
class _Terminated(TypedDict, total=False):
    exitCode: int
    reason: _Text
    message: _Text
    startedAt: str


@_strict
class _State(TypedDict, total=False):
    running: dict[str, Any]
    waiting: _Waiting
    terminated: _Terminated


@_strict
class _Container(TypedDict, total=False):
    name: Required[_Text]
    image: Required[_Text]
    state: _State
    lastState: _State


@_strict
class _PodStatus(TypedDict, total=False):
    phase: _Text
    reason: _Text
    message: _Text
    conditions: list[_Condition]
    containerStatuses: list[_Container]
    initContainerStatuses: list[_Container]


@_strict
class _OnlyMetadata(TypedDict):
    metadata: _Metadata


@_strict
class _Pod(TypedDict, total=False):
    metadata: Required[_Metadata]
    status: _PodStatus


@_strict
class _Event(TypedDict, total=False):
    type: str
    message: _Text
    lastTimestamp: str | None
    eventTime: str | None


Shape = TypeAdapter[Any]
OBJECT: Final[Shape] = TypeAdapter(_Object)
"""A ScheduledTask, a CronJob or a Deployment."""
JOB: Final[Shape] = TypeAdapter(_Job)
POD: Final[Shape] = TypeAdapter(_Pod)
EVENT: Final[Shape] = TypeAdapter(_Event)

METADATA: Final[Shape] = TypeAdapter(_OnlyMetadata)
"""An object of any kind, whose content was not asked for."""

_set_aside: Final = SetAside("objects", logging.getLogger(__name__).warning)


def is_readable(manifest: Manifest, shape: Shape = OBJECT) -> bool:
    """False for an object that has not this shape. The log names it once."""
    try:
        shape.validate_python(manifest)
    except ValidationError as error:
        _set_aside.add(name_of(manifest), problem_of(error))
        return False
    return True


def readable(manifests: Iterable[Manifest], shape: Shape) -> list[Manifest]:
    return [manifest for manifest in manifests if is_readable(manifest, shape)]
