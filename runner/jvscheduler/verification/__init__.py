"""Whether a history is true: every due instant recomputed and matched with exactly one record.

It shares nothing with the schedulers that wrote the records but the grammar of
schedules and the form of records: what they believe about a task is read from
its revisions, and what they did from its records. Nothing is written.
"""
