"""Runs tiers of the tests and says what each took: `python -m tests.tiers unit integration e2e`.

The end-to-end tests' cluster and images are made while the integration tests run: the latter mostly
wait, for an expiry, for a process, for the next full minute. The two tiers themselves do not run
side by side: two cores are too few, and a test that waits for a pod would run out of time.
"""

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from tests.cluster.images import build_and_load
from tests.cluster.settings import read_settings
from tests.cluster.sharing import a_kind_cluster

TIERS: Final = {
    # Unit tests compute: one process for each core.
    "unit": ("--numprocesses=2",),
    # These wait. The tests of one file stay in one process, which starts its own API server
    # and PostgreSQL: an operator of one test never sees the tasks of another.
    "integration": ("--numprocesses=3", "--dist=loadfile"),
    # One installation on one cluster serves all: they run one after the other.
    "e2e": (),
}


@contextmanager
def cluster_in_background() -> Iterator[None]:
    """Bring the kind cluster up meanwhile. It goes at the end, unless it ran before.

    When that fails, the end-to-end tests fail too, as they do the same again: they show the error.
    """
    finished = threading.Event()

    def hold() -> None:
        settings = read_settings()
        with a_kind_cluster(settings) as cluster:
            build_and_load(settings, cluster)
            finished.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        yield
    finally:
        finished.set()
        holder.join()


def run(tier: str, options: Sequence[str]) -> str | None:
    """Run a tier. Returns what went wrong: pytest also fails when there was no test."""
    command = [sys.executable, "-m", "pytest", f"tests/{tier}", *TIERS[tier], *options]
    started = time.monotonic()
    code = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
    print(f"tier {tier}: {(time.monotonic() - started) / 60:.1f} minutes", flush=True)
    return f"tier {tier} failed with exit code {code}" if code else None


def run_all(tiers: Sequence[str], options: Sequence[str]) -> list[str]:
    return [failure for tier in tiers if (failure := run(tier, options))]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tiers", description=__doc__)
    parser.add_argument("tiers", nargs="+", choices=TIERS)
    chosen, options = parser.parse_known_args()
    if "e2e" in chosen.tiers[1:]:
        with cluster_in_background():
            failures = run_all(chosen.tiers, options)
    else:
        failures = run_all(chosen.tiers, options)
    print("\n".join(failures or ["every tier passed"]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
