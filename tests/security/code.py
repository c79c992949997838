"""bandit on the code.

Every finding must be explained where ruff's rule of the same number is: at its line, in its file,
or in pyproject.toml. Ruff checks that no explanation is left over.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
CODE = ("runner", "operator", "server")


def bandit() -> list[dict[str, Any]]:
    command = [str(TOOLS / "bandit"), "-q", "-f", "json", "-r", *CODE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert not report["errors"], report["errors"]
    found: list[dict[str, Any]] = report["results"]
    return found


def problem(finding: dict[str, Any]) -> str | None:
    """What to say of a finding that nothing explains."""
    rule = finding["test_id"].replace("B", "S")
    lines = (ROOT / finding["filename"]).read_text().splitlines()
    first, last = min(finding["line_range"]) - 1, max(finding["line_range"]) + 1
    ignored = (ROOT / "pyproject.toml").read_text().partition("\nignore = [")[2].partition("\n]")[0]
    # To import `subprocess` is as well explained as to call it.
    names = {rule, "S603"} if rule == "S404" else {rule}
    places = [*lines[first:last], *(line for line in lines if line.startswith("# ruff: noqa"))]
    explained = any(re.search(rf"noqa: [^#]*\b{name}\b", line) for name in names for line in places)
    if explained or any(f'"{name}"' in ignored for name in names):
        return None
    where = f"{finding['filename']}:{finding['line_number']}"
    return f"{where}: {finding['test_id']} {finding['issue_text']}"
