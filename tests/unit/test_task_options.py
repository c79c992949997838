"""An option of the decorator and its key of the spec have the same limits, and both refuse more.

The recipe is "Add a field to the spec" in CONTRIBUTING.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from pydantic.alias_generators import to_camel

from jvscheduler import on_schedule
from jvscheduler.decorators import task_of
from jvscheduler.errors import InvalidSchedule, InvalidTask
from jvscheduler.manifests.crd import crd
from jvscheduler.manifests.mapping import to_spec
from jvscheduler.manifests.spec import ScheduledTaskSpec
from tests.support.docs.markdown import DOCS
from tests.support.task_forms import SPEC

OPTIONS: Mapping[str, str] = {
    "taskID": "task_id",
    "schedule": "schedule",
    "timeZone": "time_zone",
    "dst": "dst",
    "suspend": "enabled",
    "maxConcurrency": "max_concurrent",
    "activeDeadlineSeconds": "timeout_seconds",
    "backoffLimit": "retry_count",
    "description": "description",
    "concurrencyPolicy": "concurrency_policy",
    "startingDeadlineSeconds": "starting_deadline_seconds",
    "successfulJobsHistoryLimit": "successful_jobs_history_limit",
    "failedJobsHistoryLimit": "failed_jobs_history_limit",
    "backend": "backend",
    "args": "args",
    "jitterSeconds": "jitter_seconds",
    "retryDelaySeconds": "retry_delay_seconds",
    "noRetryOn": "no_retry_on",
    "template": "template",
}
"""By the key of the spec: the option of the decorator."""
WRONG: Mapping[str, Any] = {
    "schedule": "dayly",
    "task_id": "a b",
    "enabled": "no",
    "max_concurrent": True,
    "timeout_seconds": 1.5,
    "retry_count": "3",
    "retry_delay_seconds": 0,
    "no_retry_on": int,
    "description": None,
    "args": ["day"],
    "jitter_seconds": -1,
    "time_zone": "Nowhere/Atlantis",
    "dst": "twice",
    "concurrency_policy": "Allow",
    "starting_deadline_seconds": 9,
    "successful_jobs_history_limit": None,
    "failed_jobs_history_limit": -1,
    "backend": "cronjob",
    "template": {"containers": []},
    "pod": {"memry": "1Gi"},
}
"""A value that each option refuses."""


class Limit(NamedTuple):
    key: str
    last: Any
    """The last value within the limit."""
    beyond: Any
    """The first value that is over it."""


def limits() -> Iterator[Limit]:
    (version,) = crd()["spec"]["versions"]
    properties = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    for key in OPTIONS:
        schema = properties[key]
        if "minimum" in schema:
            yield Limit(key, schema["minimum"], schema["minimum"] - 1)
        if "maximum" in schema:
            yield Limit(key, schema["maximum"], schema["maximum"] + 1)
        if "maxLength" in schema:
            yield Limit(key, "x" * schema["maxLength"], "x" * (schema["maxLength"] + 1))


LIMITS = list(limits())
LIMITS_OF_FREE_VALUES = [limit for limit in LIMITS if limit.key not in {"schedule", "timeZone"}]
"""A schedule and a time zone are not any text: none is as long as its limit."""


def decorate(**options: Any) -> Callable[[], None]:
    def function() -> None: ...

    function.__qualname__ = function.__name__
    return on_schedule(**{"schedule": "daily", **options})(function)


def accepts(spec: Mapping[str, Any]) -> bool:
    try:
        ScheduledTaskSpec.model_validate({**SPEC, **spec})
    except ValueError:
        return False
    return True


def test_every_option_has_its_key_and_a_wrong_value() -> None:
    options = set(inspect.signature(on_schedule).parameters)
    # `pod` is a short form of a template.
    assert {*OPTIONS.values(), "pod"} == options, "name the key of the new option"
    assert set(WRONG) == options, "give the new option a wrong value"
    task = task_of(decorate())
    assert task is not None
    assert set(to_spec(task)) == {*OPTIONS, "entrypoint", "argsSchema"}


@pytest.mark.parametrize("option", WRONG)
def test_the_decorator_refuses_a_wrong_value(option: str) -> None:
    with pytest.raises((InvalidTask, InvalidSchedule)):
        decorate(**{option: WRONG[option]})


def test_every_number_has_two_limits() -> None:
    (version,) = crd()["spec"]["versions"]
    properties = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    numbers = {key for key in OPTIONS if properties[key]["type"] == "integer"}
    limited = [limit.key for limit in LIMITS]
    assert {key for key in numbers if limited.count(key) != 2} == set()


@pytest.mark.parametrize("limit", LIMITS_OF_FREE_VALUES, ids=lambda limit: limit.key)
def test_decorator_and_spec_accept_what_is_within_the_limit(limit: Limit) -> None:
    assert accepts({limit.key: limit.last})
    decorate(**{OPTIONS[limit.key]: limit.last})


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.key)
def test_decorator_and_spec_refuse_what_is_over_the_limit(limit: Limit) -> None:
    assert not accepts({limit.key: limit.beyond})
    with pytest.raises((InvalidTask, InvalidSchedule)):
        decorate(**{OPTIONS[limit.key]: limit.beyond})


def test_the_page_names_the_option_of_a_key_that_has_another_name() -> None:
    page = " ".join((DOCS / "reference/crd.md").read_text().split())
    renamed = {key: option for key, option in OPTIONS.items() if key != to_camel(option)}
    assert {key for key in renamed if f"`{key}` (`{renamed[key]}`" not in page} == set()
