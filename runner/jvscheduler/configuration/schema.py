"""The JSON schema of the project's table, for editors and for checks without jvscheduler."""

from typing import Any, Final

from jvscheduler.configuration.model import Configuration

PATH: Final = "docs/reference/jvscheduler.schema.json"


def schema() -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://jvscheduler.dev/schemas/jvscheduler.schema.json",
        **Configuration.model_json_schema(),
        "title": "[tool.jvscheduler] of pyproject.toml, or jvscheduler.toml",
    }
