"""Writes the CRD where the repository keeps it: `python -m jvscheduler.manifests [ROOT]`.

Twice the same file: `kubectl apply -f crds/` for those who do without Helm, and
a copy in the chart, which cannot read files outside itself.
"""

import sys
from pathlib import Path
from typing import Final

import yaml

from jvscheduler.manifests.crd import crd

PLACES: Final = ("crds/scheduledtasks.yaml", "charts/jvscheduler/files/scheduledtasks.yaml")
_HEADER: Final = "# Generated from jvscheduler/manifests/spec.py by `make generate`; do not edit.\n"


def crd_yaml() -> str:
    return _HEADER + yaml.safe_dump(crd(), sort_keys=False, width=100)


def main(root: Path) -> None:
    text = crd_yaml()
    for place in PLACES:
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if sys.argv[1:] else "."))
