"""The published schema is that of the model, and knows every option of the decorator."""

import inspect
import json
import tomllib

import jsonschema_rs
import pytest

from jvscheduler import on_schedule
from jvscheduler.configuration.schema import PATH, schema
from tests.support.readme import ROOT


def test_the_published_schema_is_up_to_date() -> None:
    assert json.loads((ROOT / PATH).read_text()) == schema(), "run make generate"


def test_it_has_every_option_of_the_decorator() -> None:
    options = set(inspect.signature(on_schedule).parameters) - {"task_id"}
    assert set(schema()["$defs"]["TaskOptions"]["properties"]) == options


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [
        ('modules = ["shop"]\ntasks.a.enabled = false', True),
        ('environments.prod.tasks."a.*".retry_count = 2', True),
        ("defaults.retry_count = 2", True),
        ("defaults.retry_cuont = 2", False),
        ("tasks.a.retry_count = '2'", False),
        ("modules = 'shop'", False),
        ("tasks.a.dst = 'twice'", False),
    ],
)
def test_a_check_without_jvscheduler_finds_mistakes(text: str, is_valid: bool) -> None:
    check = jsonschema_rs.validator_for(schema())
    assert check.is_valid(tomllib.loads(text)) is is_valid
