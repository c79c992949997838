"""The machine's one kind cluster, for all sessions that want one at a time.

One that ran before is left as it was found; else the last session that uses it
takes it down.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.binaries import find_binaries
from tests.cluster.cache import is_unused, locked, used
from tests.cluster.kind import KindCluster, bring_up, find_kind, take_down
from tests.cluster.settings import Settings


@contextmanager
def a_kind_cluster(settings: Settings, keep: bool = False) -> Iterator[KindCluster]:
    keep = keep or find_kind(settings, find_binaries(settings)) is not None
    try:
        with used(settings.users):
            with locked(settings.lock):
                kind = bring_up(settings)
            yield kind
    finally:
        if not keep:
            with locked(settings.lock):
                if is_unused(settings.users):
                    take_down(settings)
