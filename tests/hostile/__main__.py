"""`python -m tests.hostile [N]`: N hostile objects through each edge, 50,000 without a number."""

import logging
import resource
import sys
import time

from tests.hostile.edges import EDGES, check

if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    for edge in EDGES:
        began = time.monotonic()
        check(edge, examples, derandomize=False)
        seconds = time.monotonic() - began
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"{edge.name}: {examples} objects in {seconds:.0f} s, {memory} MiB at most", flush=True
        )
