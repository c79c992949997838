"""`python -m tests.fuzz [REQUESTS]`: the long form of tests/integration/server/test_fuzz.py.

It makes up requests, with one seed after the other, until there were so many: 20,000 by default.
"""

import sys
import tempfile
from pathlib import Path

from tests.support.server.fuzzing import fuzz

REQUESTS = 20_000
EXAMPLES = 1500


def main(wanted: int) -> int:
    done = seed = 0
    while done < wanted:
        seed += 1
        with tempfile.TemporaryDirectory() as folder:
            fuzzed = fuzz(f"sqlite:///{folder}/history.db", Path(folder), EXAMPLES, seed)
        done += fuzzed.requests
        print(f"seed {seed}: {fuzzed.requests} requests, {done} in all", flush=True)
        if fuzzed.exit_code or not fuzzed.requests:
            print(fuzzed.output)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS))
