"""Finding the tasks of a user's modules.

Importing a module runs it, so that happens in a process of its own with a time
limit: a module that hangs, exits or prints costs a clear error and no more.
A named module's tasks are those that are reachable as its attributes: defined
in it or imported into it. Each counts once, where it is defined.
"""

from jvscheduler.discovery.process import Found, discover, find, importing

__all__ = ["Found", "discover", "find", "importing"]
