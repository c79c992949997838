"""An edge at which another party's input comes in, and the check of many generated inputs."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

BATCH: Final = 5_000
"""Inputs of one search. Hypothesis remembers each that it made until the search ends."""


@dataclass(frozen=True)
class Edge:
    name: str
    reader: str
    """The module and the name of what reads the input there: its strict model or parser."""
    inputs: st.SearchStrategy[Any]
    judge: Callable[[Any], None]
    """Raises for an input that has more than its own effect, and for an error that escapes."""


def check(edge: Edge, examples: int, *, first_seed: int = 0) -> float:
    """Judge as many inputs, which follow from the seed. Return the slowest one's processor seconds.

    Raises for the first one that is not harmless.
    """
    slowest = 0.0

    def judge(hostile: Any) -> None:
        nonlocal slowest
        began = time.process_time()
        edge.judge(hostile)
        slowest = max(slowest, time.process_time() - began)

    for number in range(-(-examples // BATCH)):
        chosen = settings(
            max_examples=min(BATCH, examples - number * BATCH),
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        seed(first_seed + number)(chosen(given(edge.inputs)(judge)))()
    return slowest
