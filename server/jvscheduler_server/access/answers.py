"""Reads the API server's answers to reviews: whose a token is, and what somebody may do.

The names in them come from an identity provider or a webhook. An answer that cannot be read lets
nobody in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jvscheduler.edge.values import present, problem_of
from jvscheduler.errors import TemporaryError
from jvscheduler_server.access.callers import Caller

M = TypeVar("M", bound=BaseModel)

_MOST: Final = 10_000
"""Groups of a caller, and values beside."""

_Text = Annotated[str, Field(max_length=4_096)]
_Texts = Annotated[list[_Text], Field(max_length=_MOST)]


class UnreadableReview(TemporaryError):
    """The API server's answer cannot be read."""


class _User(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    username: Annotated[_Text, Field(min_length=1)]
    uid: _Text = ""
    groups: _Texts = []
    extra: Annotated[dict[_Text, _Texts], Field(max_length=_MOST)] = {}


class _Access(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    allowed: bool = False
    denied: bool = False


class _Token(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    authenticated: bool = False
    audiences: _Texts = []
    user: Any = None


@dataclass(frozen=True)
class TokenAnswer:
    """What a TokenReview says."""

    caller: Caller | None
    """Whose the token is; None when it is nobody's."""
    audiences: tuple[str, ...]


def read_token(status: Mapping[str, Any]) -> TokenAnswer:
    """Read the status of a TokenReview. Raises UnreadableReview."""
    answer = _read(_Token, status)
    # Of a token that is nobody's, the user is an empty object.
    caller = _caller(_read(_User, answer.user)) if answer.authenticated else None
    return TokenAnswer(caller, tuple(answer.audiences))


def read_access(status: Mapping[str, Any]) -> bool:
    """True when a SubjectAccessReview allows it. Raises UnreadableReview."""
    answer = _read(_Access, status)
    return answer.allowed and not answer.denied


def _caller(user: _User) -> Caller:
    extra = sorted((key, tuple(values)) for key, values in user.extra.items())
    return Caller(user.username, user.uid, tuple(user.groups), tuple(extra))


def _read(model: type[M], value: Any) -> M:
    try:
        return model.model_validate(present(value))
    except ValidationError as error:
        raise UnreadableReview(f"the answer cannot be read: {problem_of(error)}") from None
