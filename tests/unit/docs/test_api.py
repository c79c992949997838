"""The pages on the API, the environment and repair are true of what the server does."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel

from jvscheduler import environment
from jvscheduler.outcomes import Reason, Status
from jvscheduler_server import settings
from jvscheduler_server.api.job_answers import JobAnswer
from jvscheduler_server.api.problems import Problem
from jvscheduler_server.api.resources.history import HistoryAnswer
from jvscheduler_server.api.resources.jobs import RecentAnswer, RecentParameters
from jvscheduler_server.api.resources.status import StatusAnswer, StatusParameters
from jvscheduler_server.api.routers import ROUTERS

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "reference/api.md").read_text()
VARIABLES = (DOCS / "reference/environment.md").read_text()
REPAIR = (DOCS / "internals/repair.md").read_text()
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
MODELS: list[type[BaseModel]] = [RecentAnswer, JobAnswer, StatusAnswer, HistoryAnswer, Problem]


def keys(value: Any) -> Any:
    """Return the shape of an answer without its values."""
    if isinstance(value, dict):
        return {name: keys(item) for name, item in value.items()}
    return [keys(item) for item in value] if isinstance(value, list) else None


@pytest.mark.parametrize("number", range(len(MODELS)), ids=lambda n: MODELS[n].__name__)
def test_an_example_has_every_key_of_the_answer_and_no_other(number: int) -> None:
    example = EXAMPLES[number]
    answer = MODELS[number].model_validate(example)
    assert keys(answer.model_dump(mode="json")) == keys(example)


def test_every_endpoint_has_a_heading() -> None:
    headings = "\n".join(re.findall(r"^## .*$", PAGE, re.MULTILINE))
    described = set(re.findall(r"`([A-Z]+ /[\w/{}]*)`", headings))
    routes = [route for entry in ROUTERS for route in entry.router.routes]
    endpoints = {
        f"{method} {route.path}"
        for route in routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert described == endpoints


def test_every_parameter_status_and_setting_is_on_the_pages() -> None:
    named = set(re.findall(r"`([\w.-]+)`", PAGE + VARIABLES))
    assert named >= set(RecentParameters.model_fields) | set(StatusParameters.model_fields)
    assert named >= {status.value for status in Status}
    assert named >= {settings.HOST, settings.PORT, settings.KUBECONFIG, environment.LOG_LEVEL}


def test_every_reason_that_the_server_gives_is_on_the_page() -> None:
    given = {
        Reason.OOM_KILLED,
        Reason.EVICTED,
        Reason.DEADLINE_EXCEEDED,
        Reason.IMAGE_PULL_FAILED,
        Reason.POD_DELETED,
        Reason.CONTAINER_FAILED,
        Reason.RUNNER_LOST,
    }
    assert {reason for reason in given if f"`{reason}`" not in REPAIR} == set()
