"""The history on PostgreSQL: everything that knows this database."""
