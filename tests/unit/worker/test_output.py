"""The output of an attempt: whole lines for the log, the end for the record."""

import os
from pathlib import Path

from jvscheduler.worker.log import Log
from jvscheduler.worker.output import TAIL_BYTES, Output


def test_lines_are_kept_whole_across_reads(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        log = Log(file.fileno())
        output = Output("shop", log)
        for part in (b"one\ntw", b"o\nthree"):
            os.write(output.writer, part)
            assert output.read()
        os.close(output.writer)
        output.finish()
        assert log.flush()
    assert (tmp_path / "log").read_text() == "[shop] one\n[shop] two\n[shop] three\n"
    assert output.tail() == "one\ntwo\nthree"


def test_only_the_end_of_a_long_output_is_kept() -> None:
    output = _printed(b"x" * TAIL_BYTES + b"the end")
    assert output.tail().startswith("…x")
    assert output.tail().endswith("the end")
    assert len(output.tail().encode()) <= TAIL_BYTES


def test_characters_that_no_database_can_store_are_replaced() -> None:
    assert _printed(b"nul \0, no text \xff").tail() == "nul \ufffd, no text \ufffd"


def _printed(text: bytes) -> Output:
    output = Output("shop", Log(1))
    os.write(output.writer, text)
    os.close(output.writer)
    assert output.read()
    return output
