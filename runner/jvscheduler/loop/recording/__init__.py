"""Writes to the history, or to a spool on disk while the history is away."""
