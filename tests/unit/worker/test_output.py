"""The output of an attempt: whole lines for the log, the end for the record."""

import json
import os
from pathlib import Path

from jvscheduler.logs.lines import Form, Lines
from jvscheduler.redaction import FORMS_ONLY, Redactor
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


def test_the_record_has_no_secret_and_the_log_what_the_task_printed(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        log = Log(file.fileno(), Lines(redactor=Redactor(["tea-with-milk"])))
        output = Output("shop", log)
        os.write(output.writer, b"a tea-with-milk")
        os.close(output.writer)
        output.finish()
        assert log.flush()
    assert output.tail() == "a ***"
    assert (tmp_path / "log").read_text() == "[shop] a tea-with-milk\n"


def test_no_half_of_a_secret_is_left_where_the_output_is_cut() -> None:
    secret = "0123456789" * 20
    for more in range(0, 20_000, 97):
        output = _printed(b"x" * 50 + secret.encode() * 3 + b"x" * more, Redactor([secret]))
        assert not set("0123456789") & set(output.tail())


def test_the_workers_own_lines_have_the_form_of_the_log(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        log = Log(file.fileno(), Lines(Form.JSON))
        log.say("a\nb")
        log.write("shop", b"c")
        assert log.flush()
    own, printed = (tmp_path / "log").read_text().splitlines()
    assert json.loads(own)["message"] == "a\nb"
    assert printed == "[shop] c"


def _printed(text: bytes, redactor: Redactor = FORMS_ONLY) -> Output:
    output = Output("shop", Log(1, Lines(redactor=redactor)))
    os.write(output.writer, text)
    os.close(output.writer)
    assert output.read()
    return output
