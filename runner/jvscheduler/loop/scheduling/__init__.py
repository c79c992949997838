"""Decides which tasks are due when, and what becomes of each due instant."""
