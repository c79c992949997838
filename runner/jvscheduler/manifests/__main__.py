"""`python -m jvscheduler.manifests [ROOT]` writes the CRD into the repository.

It writes the same file twice. `crds/` is for users without Helm. The chart has
a copy, because a chart cannot read files outside its folder.
"""

import sys
from pathlib import Path
from typing import Final

import yaml

from jvscheduler.manifests.crd import crd

PATHS: Final = ("crds/scheduledtasks.yaml", "charts/jvscheduler/files/scheduledtasks.yaml")
_HEADER: Final = "# Generated from jvscheduler/manifests/spec.py by `make generate`; do not edit.\n"


def crd_yaml() -> str:
    return _HEADER + yaml.safe_dump(crd(), sort_keys=False, width=100)


def main(root: Path) -> None:
    text = crd_yaml()
    for name in PATHS:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if sys.argv[1:] else "."))
