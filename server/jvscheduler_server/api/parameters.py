"""Query parameters: an unknown one is refused.

Without this, a misspelt `?statuss=failed` would answer with all jobs, as if all had failed.
The problem names the unknown parameter and those that the path takes.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError


class Parameters(BaseModel):
    """Base of each endpoint's query parameters. An endpoint without any uses it as it is."""

    # FastAPI drops unknown parameters before a model that does not forbid them sees any.
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, data: Any) -> Any:
        known = tuple(cls.model_fields)
        for name in data:
            if name not in known:
                takes = f"this path takes {', '.join(known)}" if known else "this path takes none"
                text = f"unknown parameter; {takes}"
                raise PydanticCustomError("unknown_parameter", text, {"parameter": name})
        return data


class NamespaceParameters(Parameters):
    """Of a list that may be about one namespace."""

    namespace: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
        description="Only this namespace, also when it has no task any more.",
    )
