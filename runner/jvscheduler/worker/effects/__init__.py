"""Keeps the changes that an import makes in its process within the runs of that module.

The worker imports the modules of all its tasks. A module may change what belongs to the whole
process when it is imported: the directory, the environment, the level of a logger. In a process of
its own, such a change holds for the runs of that module, and of each module that imports it. It
must mean the same here.

- `process` and `python`: what belongs to the process, of the kinds that `kinds` describes.
- `state`: the settings at a time, and the changes between two times.
- `imports`: notes the changes of each module while it is imported, takes them back, and makes them
  again in the runs of that module.
"""
