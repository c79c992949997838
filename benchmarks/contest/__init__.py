"""The programs that `benchmarks.loop` measures, each a process tree of its own, and how."""
