"""What the migration says of a database that it has made ready."""

import logging

from jvscheduler_server.migrate.__main__ import report
from jvscheduler_server.migrate.apply import Migration
from jvscheduler_server.migrate.rows import Moved

SAFE = Migration(1, 2, Moved(), is_owner_safe=True, prepared_transactions=0)


def warnings(done: Migration) -> list[str]:
    return [text for level, text in report(done) if level == logging.WARNING]


def test_a_database_that_is_as_it_should_be_has_no_warning() -> None:
    assert list(report(SAFE)) == [(logging.INFO, "the history has format 1 and 2 namespaces")]


def test_what_makes_a_database_unsafe_is_a_warning() -> None:
    unsafe = Migration(1, 2, Moved(rows=3, left=4), is_owner_safe=False, prepared_transactions=5)
    left, owner, prepared = warnings(unsafe)
    assert left.startswith("4 rows of 0.1.0")
    assert "as good as a superuser" in owner
    assert prepared.startswith("max_prepared_transactions is 5: a task can leave")
