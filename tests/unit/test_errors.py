"""What a caller passed wrong is a ValueError too, and stays a SchedulerError."""

import importlib
import pkgutil
import sys
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError, field_validator

import jvscheduler
import jvscheduler_operator
import jvscheduler_server
from jvscheduler import on_schedule, parse_schedule
from jvscheduler.errors import DiscoveryError, InvalidInput, InvalidTask, SchedulerError
from jvscheduler.history.maintenance.retention import parse_age
from jvscheduler.history.queries.fields import fields_of
from jvscheduler.history.queries.parsing import parse
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.urls import parse_url
from jvscheduler_operator.acceptance import Refused

PACKAGES = (jvscheduler, jvscheduler_operator, jvscheduler_server)
NOT_PASSED_BY_A_CALLER = {"InvalidMessage"}
"""What another process sent, not a caller."""
CALLS: dict[str, Any] = {
    "a schedule": lambda: parse_schedule("every so often"),
    "a cron expression": lambda: parse_schedule("61 * * * *"),
    "a time zone": lambda: parse_schedule("daily", "Europe/Nowhere"),
    "an option": lambda: on_schedule("daily", timeout_seconds=-1)(print),
    "a query": lambda: parse({"name": {"$near": 1}}, fields_of(ScheduledJob)),
    "a URL": lambda: parse_url("mysql://db/shop"),
    "an age": lambda: parse_age("soon"),
}


OTHER_SYSTEMS = ("kernel.macos",) if sys.platform == "linux" else ("kernel.linux",)
"""What only another system has cannot be imported here. It defines no errors."""


def subclasses(error: type[Exception]) -> set[type[Exception]]:
    return {error}.union(*(subclasses(below) for below in error.__subclasses__()))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_callers_mistake(call: Any) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        call()
    assert isinstance(raised.value, SchedulerError)


def test_every_error_that_is_called_invalid_is_a_value_error() -> None:
    for package in PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(("__main__", *OTHER_SYSTEMS)):
                importlib.import_module(module.name)
    found = {e for e in subclasses(SchedulerError) if e.__name__.startswith("Invalid")}
    found -= {e for e in found if e.__name__ in NOT_PASSED_BY_A_CALLER}
    assert {e.__name__ for e in found} >= {"InvalidQuery", "InvalidSchedule", "InvalidTemplate"}
    for error in (*found, DiscoveryError, Refused):
        assert issubclass(error, InvalidInput)
        assert issubclass(error, ValueError)


def test_a_pydantic_validator_may_call_the_grammar() -> None:
    class Shop(BaseModel):
        opens: str

        @field_validator("opens")
        @classmethod
        def _is_a_schedule(cls, text: str) -> str:
            parse_schedule(text)
            return text

    with pytest.raises(ValidationError, match="so often"):
        Shop(opens="every so often")
    assert issubclass(InvalidTask, ValueError)
