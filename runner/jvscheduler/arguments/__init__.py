"""A task's `args`: values for its function's own parameters, as JSON.

- `values`: what a value may be, and its way through an environment variable.
- `parameters`: the parameters that a function or a Walker class has, without their types.
- `schemas`: the check of `spec.args` against `spec.argsSchema`, for who does not have the function.
- `types`: the parameters' types. It makes the schema, and the objects that the function gets.

Only `types` needs pydantic. The decorator does without it, since pydantic is slow to load.
"""
