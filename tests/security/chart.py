"""checkov on the rendered chart, with the values of every kind of installation.

Each finding is explained below, for the objects that it is about. An explanation that no object
needs any more is a problem too.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.cluster.binaries import find_binaries
from tests.cluster.settings import read_settings
from tests.security.code import ROOT, TOOLS

CHART: Final = ROOT / "charts/jvscheduler"
INSTALLATIONS: Final = (CHART / "values.yaml", *sorted((CHART / "ci").glob("*-values.yaml")))
RELEASE: Final = "jvscheduler"

_CLIENTS: Final = ("operator", "server", "credentials")
_PARTS: Final = ("operator", "server", "postgresql")
_ALL: Final = (*_CLIENTS, "postgresql")
EXPLAINED: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "CKV_K8S_11": (
        "a limit of CPU would delay what is due by throttling; memory is limited",
        _ALL,
    ),
    "CKV_K8S_15": (
        "image.pullPolicy is a value: no tag is moved, and Always needs the registry at each start",
        _ALL,
    ),
    "CKV_K8S_35": (
        "the address of the database is the setting of every part, and is taken out of all logs; "
        "who can read a process's environment can read its files",
        _PARTS,
    ),
    "CKV_K8S_38": ("they are clients of the API server; docs/operations/permissions.md", _CLIENTS),
    "CKV_K8S_40": (
        "the images have the user 65532, PostgreSQL's its own; some clusters choose a range",
        _ALL,
    ),
    "CKV_K8S_43": ("image.digest is a value: no digest is known before an image is built", _ALL),
}
"""By check: why it is so, and of which objects: the ends of their names."""


@dataclass(frozen=True)
class Finding:
    check: str
    what: str
    name: str


def rendered(values: Path) -> str:
    helm = find_binaries(read_settings()).helm
    command = [str(helm), "template", RELEASE, str(CHART), "--namespace", RELEASE]
    done = subprocess.run(
        [*command, "--values", str(values)], capture_output=True, text=True, check=True
    )
    return done.stdout


def findings(manifests: str) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "chart.yaml").write_text(manifests)
        command = [str(TOOLS / "checkov"), "--directory", folder, "--framework", "kubernetes"]
        # It would ask its maker's server for guidelines.
        options = ["--skip-download", "--quiet", "--compact", "--output", "json"]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    report: Mapping[str, Any] = json.loads(done.stdout)
    assert not report["summary"]["parsing_errors"], report["results"]["parsing_errors"]
    assert report["summary"]["passed"], "it has found no objects"
    return [
        Finding(found["check_id"], found["check_name"], found["resource"])
        for found in report["results"]["failed_checks"]
    ]


def problems(found: Iterable[Finding]) -> list[str]:
    """What to say of findings that nothing explains, and of explanations without a finding."""
    needed: set[tuple[str, str]] = set()
    said = []
    for finding in sorted(set(found), key=str):
        _, objects = EXPLAINED.get(finding.check, ("", ()))
        explained = next((each for each in objects if finding.name.endswith(f"-{each}")), None)
        if explained is None:
            said.append(f"{finding.name}: {finding.check} {finding.what}")
        else:
            needed.add((finding.check, explained))
    known = {(check, each) for check, (_, objects) in EXPLAINED.items() for each in objects}
    return [*said, *(f"{each}: {check} is explained, not found" for check, each in known - needed)]
