"""Reads what a worker prints, line by line as it comes."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final

Show = Callable[[str], None]

_LONGEST_LINE: Final = 64 * 1024
"""The most bytes of a line. A longer one is shown in parts, so that it cannot fill the memory."""
_LAST_LINES_SECONDS: Final = 1.0
"""After the worker has ended, what is left in the pipe is read until nothing comes for this long.
A process that outlived it may keep the pipe open for ever."""
_MOST_LAST_PAUSES: Final = 10
"""And such a process may print for ever."""


@contextlib.asynccontextmanager
async def shown(show: Show) -> AsyncIterator[int]:
    """A file descriptor to print to, while the block runs."""
    # A pipe of our own. `Process.wait` may wait for the end of the subprocess's own pipe, which
    # a process that outlived the worker keeps open.
    reader, writer = os.pipe()
    stream = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reader, "rb", 0)
    )
    progress = Progress()
    reading = asyncio.create_task(_read(stream, show, progress))
    try:
        yield writer
    finally:
        os.close(writer)
        await _read_rest(reading, progress)
        reading.cancel()
        transport.close()


@dataclass
class Progress:
    chunks: int = 0


async def _read_rest(reading: asyncio.Task[None], progress: Progress) -> None:
    for _ in range(_MOST_LAST_PAUSES):
        # `show` may block for longer than the pause, because it waits for its own reader. So the
        # chunks say whether something still comes, and not the time.
        before = progress.chunks
        await asyncio.wait({reading}, timeout=_LAST_LINES_SECONDS)
        if reading.done() or progress.chunks == before:
            return


async def _read(stream: asyncio.StreamReader, show: Show, progress: Progress) -> None:
    rest = b""
    while chunk := await stream.read(_LONGEST_LINE):
        progress.chunks += 1
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) >= _LONGEST_LINE:
            lines, rest = [*lines, rest], b""
        for line in lines:
            show(_text(line))
    if rest:
        show(_text(rest))


def _text(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r")
