"""What an attempt's processes print, line by line as it comes."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from typing import Final

Show = Callable[[str], None]

_LONGEST_LINE: Final = 64 * 1024
_LAST_WORDS_SECONDS: Final = 1.0
"""For what is in the pipe when the attempt has ended; a process that got away may keep it open."""


@contextlib.asynccontextmanager
async def shown(show: Show) -> AsyncIterator[int]:
    """The file descriptor to print to.

    A pipe of our own and not the subprocess's, whose end `Process.wait` may wait for.
    """
    reader, writer = os.pipe()
    stream = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reader, "rb", 0)
    )
    reading = asyncio.create_task(_read(stream, show))
    try:
        yield writer
    finally:
        os.close(writer)
        await asyncio.wait({reading}, timeout=_LAST_WORDS_SECONDS)
        reading.cancel()
        transport.close()


async def _read(stream: asyncio.StreamReader, show: Show) -> None:
    rest = b""
    while chunk := await stream.read(_LONGEST_LINE):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) >= _LONGEST_LINE:
            lines, rest = [*lines, rest], b""
        for line in lines:
            show(_text(line))
    if rest:
        show(_text(rest))


def _text(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r")
