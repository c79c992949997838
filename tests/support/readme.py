"""Finds the snippets of the README, for the tests that run them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def shell_snippets(heading: str) -> list[str]:
    """The `sh` blocks under one heading of the README, in order."""
    text = (ROOT / "README.md").read_text()
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    (body,) = [part for part in section if part.startswith(f"{heading}\n")]
    return re.findall(r"```sh\n(.*?)```", body, re.DOTALL)


def python_snippets() -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
