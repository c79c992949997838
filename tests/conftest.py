"""Gives every tier the servers that `tests.cluster` starts."""

pytest_plugins = ["tests.cluster.plugin"]
