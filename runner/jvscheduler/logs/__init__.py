"""Logs one event in one line: as JSON in a cluster, as text for people.

Whatever a message has inside, it makes no second line and moves no terminal: names and texts of
others are in it. Secrets are taken out, and a line has bounds.

- `lines`: one event as a line. Pure.
- `settings`: which form, and from which level on.
- `setup`: makes Python's `logging` write such lines, for our loggers and for those of libraries.
"""
