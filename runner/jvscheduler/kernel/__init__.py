"""The differences between Linux and macOS. Everything else in jvscheduler is the same on both.

`linux` and `macos` have the same names, with the same meaning. Linux carries the cluster and every
loop's pod. macOS carries `jvscheduler dev`, a user's own server and the other commands. Where macOS
lacks something, `macos` says what is done instead. There is no Windows: WSL is a Linux.
"""

import sys

from jvscheduler.errors import UnsupportedPlatform

if sys.platform == "linux":
    from jvscheduler.kernel.linux import (
        ADOPTS_ORPHANS,
        EndDescriptor,
        adopt_orphans,
        child_pids,
        close_inherited,
        count_threads,
        die_with_parent,
        end_of_parent,
        ended_child,
        environ_for_forks,
        find_oom_counter,
        new_selector,
        oom_kills,
        peak_memory_bytes,
        peer_pid,
        prefer_for_oom_kill,
        processors,
        read_oom_kills,
        signal_group,
        use_processors,
    )
elif sys.platform == "darwin":
    from jvscheduler.kernel.macos import (
        ADOPTS_ORPHANS,
        EndDescriptor,
        adopt_orphans,
        child_pids,
        close_inherited,
        count_threads,
        die_with_parent,
        end_of_parent,
        ended_child,
        environ_for_forks,
        find_oom_counter,
        new_selector,
        oom_kills,
        peak_memory_bytes,
        peer_pid,
        prefer_for_oom_kill,
        processors,
        read_oom_kills,
        signal_group,
        use_processors,
    )
else:
    raise UnsupportedPlatform(sys.platform)

__all__ = [
    "ADOPTS_ORPHANS",
    "EndDescriptor",
    "adopt_orphans",
    "child_pids",
    "close_inherited",
    "count_threads",
    "die_with_parent",
    "end_of_parent",
    "ended_child",
    "environ_for_forks",
    "find_oom_counter",
    "new_selector",
    "oom_kills",
    "peak_memory_bytes",
    "peer_pid",
    "prefer_for_oom_kill",
    "processors",
    "read_oom_kills",
    "signal_group",
    "use_processors",
]
