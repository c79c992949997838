"""Reads what another party wrote: a pod, a worker, the owner of a namespace.

Such input may be anything. A strict model reads it where it comes in, with bounds of size, depth,
type and time. What does not fit is set aside, counted, and named once in the log. It delays nothing
else. Behind the edge every value has the type that it says.

- `bounded_json`: JSON of any depth, without an error of the parser's own.
- `values`: the types of which the models are made.
- `outcomes`: the outcome of an attempt, as a message or a spool has it.
- `log_lines`: the end of a container's log, in place of a message.
- `set_aside`: the count, and the line in the log.
"""
