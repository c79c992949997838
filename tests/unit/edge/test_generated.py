"""Some generated hostile objects through each edge. `python -m tests.hostile` takes many more."""

import importlib

import pytest

from tests.hostile.checking import Edge, check
from tests.hostile.edges import EDGES

EXAMPLES = 200


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.name)
def test_a_hostile_object_raises_nothing_and_reaches_nothing_else(edge: Edge) -> None:
    check(edge, EXAMPLES)


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.name)
def test_what_reads_an_edge_exists(edge: Edge) -> None:
    module, _, name = edge.reader.rpartition(".")
    try:
        importlib.import_module(edge.reader)
    except ModuleNotFoundError:
        assert hasattr(importlib.import_module(module), name)
