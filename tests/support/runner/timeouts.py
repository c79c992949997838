"""What each task in `tests.support.runner.tasks.times_out` sees, in a runner and in a worker."""

from typing import Final

SEEN: Final = {
    "sync": "saw TaskTimeout",
    "at_an_await": "saw TimeoutError, once",
    "waits_for_a_group": "child cleaned up, saw TimeoutError",
    "waits_in_a_group": "child cleaned up, saw TimeoutError",
    "gathers": "child cleaned up, saw TimeoutError",
    "has_another_task": "child cleaned up, saw TimeoutError",
    "never_yields": "saw TaskTimeout, once",
    "has_a_child_that_never_yields": "saw TimeoutError",
    "Walks": "saw TimeoutError",
    "outlives_it": "saw TimeoutError",
}
