"""The history on MongoDB: all that is about this database."""
