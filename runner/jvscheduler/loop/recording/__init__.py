"""Writes to the history; what the history cannot take is kept on disk until it can."""
