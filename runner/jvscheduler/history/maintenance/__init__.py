"""Keeping the history small: which jobs are old enough to delete, and their deletion."""
