"""Settles what was due before this loop took over its tasks."""
