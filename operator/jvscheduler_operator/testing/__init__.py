"""The cluster in memory, for tests."""
