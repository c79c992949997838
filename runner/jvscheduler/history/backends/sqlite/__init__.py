"""The history on SQLite: all that is about this database."""
