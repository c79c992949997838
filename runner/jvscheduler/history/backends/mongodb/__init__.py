"""The history on MongoDB: everything that knows this database."""
