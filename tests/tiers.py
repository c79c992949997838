"""Runs tiers of the tests side by side and says what each took: `python -m tests.tiers unit e2e`.

Integration and end-to-end tests mostly wait: for the next full minute, for an expiry, for a pod.
Side by side they wait together. The first tier's output is shown as it comes, that of the others
when they have ended, so that no line of one lies between the lines of another.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

TIERS: Final = {
    # Unit tests compute: one process for each core.
    "unit": ("--numprocesses=2",),
    # These wait. The tests of one file stay in one process, which starts its own API server
    # and PostgreSQL: an operator of one test never sees the tasks of another.
    "integration": ("--numprocesses=4", "--dist=loadfile"),
    # One installation on one cluster serves all: they run one after the other.
    "e2e": (),
}


@dataclass(frozen=True)
class Ended:
    tier: str
    code: int
    """pytest's: 5 when there was no test, negative when a signal ended it."""
    minutes: float
    output: str
    """Empty when it was shown as it came."""


def run(tier: str, options: Sequence[str], *, shown: bool) -> Ended:
    command = [sys.executable, "-m", "pytest", f"tests/{tier}", *TIERS[tier], *options]
    started = time.monotonic()
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=None if shown else subprocess.PIPE,
        stderr=None if shown else subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Ended(tier, done.returncode, (time.monotonic() - started) / 60, done.stdout or "")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tiers", description=__doc__)
    parser.add_argument("tiers", nargs="+", choices=TIERS)
    chosen, options = parser.parse_known_args()
    with ThreadPoolExecutor() as pool:
        running = [
            pool.submit(run, tier, options, shown=tier == chosen.tiers[0]) for tier in chosen.tiers
        ]
        ended = [future.result() for future in running]
    for each in ended:
        print(each.output, end="")
    for each in ended:
        print(f"tier {each.tier}: {each.minutes:.1f} minutes, exit code {each.code}", flush=True)
    return 1 if any(each.code for each in ended) else 0


if __name__ == "__main__":
    sys.exit(main())
