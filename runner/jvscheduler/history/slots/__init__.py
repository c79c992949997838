"""Concurrency slots: how maxConcurrency is an exact limit, whoever starts the jobs."""
