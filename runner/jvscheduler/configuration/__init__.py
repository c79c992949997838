"""`[tool.jvscheduler]` in pyproject.toml, or jvscheduler.toml: what a project says of its tasks.

`files` finds and reads the file, `model` parses it, `layers` chooses an
environment and the values for one task, `tasks` changes the tasks by them. A
command starts with `opening` and gets a `project`. `schema` publishes what may be
written. Only `files` reads the disk.
"""
