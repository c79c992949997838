"""The lines of a watch: one object for each, however large."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from jvscheduler_server.kubernetes import connection
from jvscheduler_server.kubernetes.connection import lines
from jvscheduler_server.kubernetes.informer import ApiServerUnavailable


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def read(*parts: bytes) -> list[bytes]:
    async def run() -> list[bytes]:
        return [line async for line in lines(chunks(*parts))]

    return asyncio.run(run())


def test_lines_are_whole_wherever_the_chunks_end() -> None:
    assert read(b"a", b"b\ncd", b"\n", b"\ne\nf") == [b"ab", b"cd", b"", b"e", b"f"]


def test_an_object_with_large_annotations_is_one_line() -> None:
    large = b"x" * (300 * 1024)
    assert read(large[:1000], large[1000:] + b"\nnext\n") == [large, b"next"]


def test_a_line_without_an_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_EVENT_BYTES", 10)
    with pytest.raises(ApiServerUnavailable, match="more than 10 bytes"):
        read(*[b"x" * 4] * 3)
