"""Messages between a loop and its worker: sent, received, refused."""

import pytest

from jvscheduler.worker import messages
from jvscheduler.worker.messages import InvalidMessage, decode, encode


@pytest.mark.parametrize(
    "message",
    [
        messages.Prepare(("shop", "shop.tasks")),
        messages.Start("a", "shop:restock", 1.5, {"A": "b"}, {"task_id": "shop"}),
        messages.Hello("w", {"a": {"task_id": "shop"}}),
        messages.Prepared(("shop",), {"stock": "no such module"}),
        messages.Ended("a", {}, 1.0, 2.0, "completed", result=[1, {"é": None}]),
    ],
    ids=lambda m: type(m).__name__,
)
def test_a_message_is_decoded_as_it_was_encoded(message: messages.Message) -> None:
    assert decode(encode(message)) == message


@pytest.mark.parametrize("line", [b"", b"[]", b"{}", b'{"kind":"Sing"}', b'{"kind":"Go"}', b"\xff"])
def test_a_line_that_is_no_message_is_refused(line: bytes) -> None:
    with pytest.raises(InvalidMessage, match="not a message"):
        decode(line)
