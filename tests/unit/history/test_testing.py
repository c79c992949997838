"""The examples of `jvscheduler.testing` run as they are written."""

import asyncio
import re
import textwrap
from typing import Any

import pytest
from jvspatial.core.context import GraphContext, set_default_context

from jvscheduler import testing
from jvscheduler.history.slots.requests import SlotRequest
from tests.support.history.outcomes import NOON, completed, of_job
from tests.support.history.readings import Reading


async def clean_up() -> None:
    await Reading.delete_many({})


NAMES: dict[str, Any] = {
    "GraphContext": GraphContext,
    "NOON": NOON,
    "Product": Reading,
    "SlotRequest": SlotRequest,
    "asyncio": asyncio,
    "clean_up": clean_up,
    "outcome": completed(of_job(0)),
    "set_default_context": set_default_context,
}


# The example of `run_task` is in docs/guides/testing.md, which test_guides runs.
@pytest.mark.parametrize("name", sorted({*testing.__all__} - {"run_task"}))
def test_the_example_of_a_class_runs(name: str) -> None:
    part = getattr(testing, name)
    (example,) = re.findall(r"```python\n(.*?)```", part.__doc__, re.DOTALL)
    names = {**NAMES, name: part}
    exec(textwrap.dedent(example), names)  # noqa: S102 - our own example
    assert "jobs" not in names or [job.pod_name for job in names["jobs"]] == ["pod-0"]


def test_the_packages_example_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", testing.__doc__ or "", re.DOTALL)
    exec(example, {})  # noqa: S102 - our own example
