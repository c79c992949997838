"""What an object must look like to come into the cache. Others are set aside.

Whoever may write in a namespace decides what its objects say, and the cache holds those of all. An
object without the shape below would fail the list in which it comes, and all others with it.
"""

import logging
from typing import Annotated, Any, Final, Required

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from jvscheduler.edge.set_aside import SetAside
from jvscheduler.edge.values import Name, present, problem_of
from jvscheduler_operator.objects.manifests import Manifest

_strict = with_config(ConfigDict(strict=True, extra="ignore"))
_ResourceVersion = Annotated[str, Field(pattern=r"\A[0-9]{1,20}\z")]


@_strict
class _Owner(TypedDict, total=False):
    uid: Required[Name]
    controller: bool


@_strict
class _Metadata(TypedDict, total=False):
    name: Required[Name]
    namespace: Required[Name]
    resourceVersion: Required[_ResourceVersion]
    uid: Name
    generation: int
    creationTimestamp: Name
    deletionTimestamp: Name
    labels: dict[str, str]
    annotations: dict[str, str]
    ownerReferences: list[_Owner]


@_strict
class _Status(TypedDict, total=False):
    loop: str
    backend: str
    conditions: list[dict[str, Any]]


@_strict
class _Object(TypedDict, total=False):
    metadata: Required[Annotated[_Metadata, BeforeValidator(present)]]
    spec: dict[str, Any]
    status: Annotated[_Status, BeforeValidator(present)]


_SHAPE: Final = TypeAdapter(_Object)
_set_aside: Final = SetAside("objects", logging.getLogger(__name__).warning)


def is_readable(manifest: Manifest) -> bool:
    """False for an object that the cache cannot hold. The log names it once."""
    try:
        _SHAPE.validate_python(manifest)
    except ValidationError as error:
        _set_aside.add(_where(manifest), problem_of(error))
        return False
    return True


def _where(manifest: Any) -> str:
    metadata = manifest.get("metadata") if isinstance(manifest, dict) else None
    known = metadata if isinstance(metadata, dict) else {}
    # A name that is no text may be too deep for Python to write.
    names = (known.get("namespace"), known.get("name"))
    return "/".join(name if isinstance(name, str) else "?" for name in names)
