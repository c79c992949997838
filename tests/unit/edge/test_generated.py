"""Some generated hostile objects through each edge. `python -m tests.hostile` takes many more."""

import pytest

from tests.hostile.edges import EDGES, Edge, check

EXAMPLES = 200


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.name)
def test_a_hostile_object_raises_nothing_and_reaches_nothing_else(edge: Edge) -> None:
    check(edge, EXAMPLES, derandomize=True)
