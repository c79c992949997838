"""Concurrency slots: they make maxConcurrency an exact limit, whoever starts the jobs."""
