"""No request makes the server fail, and every answer is as its document says.

`python -m tests.fuzz` makes up 20,000 requests. This is its short form, on PostgreSQL.
"""

from pathlib import Path

from tests.support.server.fuzzing import fuzz


def test_the_api_answers_as_documented_whatever_it_is_asked(
    postgres_url: str, tmp_path: Path
) -> None:
    fuzzed = fuzz(postgres_url, tmp_path, examples=20, seed=1)
    assert fuzzed.exit_code == 0, fuzzed.output
    assert fuzzed.requests > 300, fuzzed.output
