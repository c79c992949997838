"""`python -m tests.hostile [N] [EDGE …]`: N hostile objects through each edge, else 50,000.

Each edge has a process of its own, so that its memory is its own. An edge is a name of
`tests.hostile.edges.EDGES`; without one, all are taken.
"""

import logging
import resource
import subprocess
import sys
import time
from typing import Final

from tests.hostile.checking import check
from tests.hostile.edges import EDGES

MOST_MEMORY: Final = 1024
"""MiB of a process, with those of hypothesis. What an object makes it keep would show here."""


MOST_SECONDS: Final = 10.0
"""Of the processor. No object is worth as much: what takes longer has no bound."""


def run(name: str, examples: int) -> None:
    logging.disable(logging.CRITICAL)
    (edge,) = (edge for edge in EDGES if edge.name == name)
    before, began = _memory(), time.monotonic()
    slowest = check(edge, examples, first_seed=time.time_ns())
    seconds, memory = time.monotonic() - began, _memory()
    print(
        f"{name}: {examples} objects in {seconds:.0f} s, the slowest {slowest * 1000:.0f} ms, "
        f"{memory} MiB at most, {before} before",
        flush=True,
    )
    assert memory < MOST_MEMORY
    assert slowest < MOST_SECONDS


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main(arguments: list[str]) -> int:
    numbers = [word for word in arguments if word.isdecimal()]
    chosen = [word for word in arguments if not word.isdecimal()]
    examples = int(numbers[0]) if numbers else 50_000
    if len(chosen) == 1:
        run(chosen[0], examples)
        return 0
    command = [sys.executable, "-m", "tests.hostile", str(examples)]
    names = chosen or [edge.name for edge in EDGES]
    failed = [name for name in names if subprocess.run([*command, name], check=False).returncode]
    print(f"not harmless: {', '.join(failed)}" if failed else "all harmless")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
