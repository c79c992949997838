"""Closes and writes the records that no pod could write."""
