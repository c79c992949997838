"""The programs that `benchmarks.loop` measures, and how it measures them.

Each program is a process tree of its own.
"""
