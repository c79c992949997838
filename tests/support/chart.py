"""The chart as helm renders it."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

from jvscheduler_operator.settings import DATABASE_AUTHORITY, Settings, from_environment

CHART = Path(__file__).parents[2] / "charts" / "jvscheduler"


def template(helm: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(helm), "template", "jvscheduler", str(CHART), "-n", "jvscheduler", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def rendered(helm: Path, *values: str) -> dict[str, dict[str, Any]]:
    """The objects by `Kind/name`."""
    sets = [word for value in values for word in ("--set", value)]
    done = template(helm, *sets)
    assert done.returncode == 0, done.stderr
    objects = [o for o in yaml.safe_load_all(done.stdout) if o]
    return {f"{o['kind']}/{o['metadata']['name']}": o for o in objects}


def operator_variables(helm: Path, *values: str) -> dict[str, str]:
    pod = rendered(helm, *values)["Deployment/jvscheduler-operator"]["spec"]["template"]["spec"]
    (operator,) = pod["containers"]
    return {v["name"]: v["value"] for v in operator["env"] if "value" in v}


def operator_settings(helm: Path, *values: str) -> Settings:
    """The settings of such an installation's operator, without what is in a file of its pod."""
    return from_environment({**operator_variables(helm, *values), DATABASE_AUTHORITY: ""})
