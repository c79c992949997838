"""The history on SQLite: everything that knows this database."""
