"""`python -m jvscheduler.configuration [ROOT]` writes the schema into the repository."""

import json
import sys
from pathlib import Path

from jvscheduler.configuration.schema import PATH, schema


def main(root: Path) -> None:
    (root / PATH).write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if sys.argv[1:] else "."))
