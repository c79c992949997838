"""The command `jvscheduler`, from its first moment: Ctrl-C ends it plainly.

This is a package of its own, which imports nothing at once. To import any module of `jvscheduler`
takes some tenths of a second, and Ctrl-C would show Python's traceback meanwhile.
"""

_INTERRUPTED = 130
"""The exit code of a process that SIGINT ended, as shells have it."""


def main() -> int:
    try:
        from jvscheduler.cli import main as run  # noqa: PLC0415 - see above

        return run()
    except KeyboardInterrupt:
        return _INTERRUPTED
