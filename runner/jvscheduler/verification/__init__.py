"""Checks that a history is true: recomputes every due instant, and finds its one record.

It shares only two things with the schedulers that wrote the records: the grammar of schedules,
and the form of records. It reads what a task was from its revisions, and what the schedulers
did from the records. It writes nothing.
"""
