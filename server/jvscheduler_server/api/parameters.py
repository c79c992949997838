"""Query parameters that refuse what they do not know.

A misspelt `?statuss=failed` would otherwise answer with everything, which reads
like an answer to the question. The problem names the parameter and the known ones.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError


class Parameters(BaseModel):
    """Base of each endpoint's query parameters; by itself, an endpoint that takes none."""

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
