"""The history on PostgreSQL: all that is about this database."""
