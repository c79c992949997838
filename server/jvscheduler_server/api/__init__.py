"""The HTTP API.

`app` builds it from `routers`, the list of all resources. `resources` holds one module for each
resource; `problems`, `parameters` and `state` are what they share. To add a resource, write a
module in `resources` and add one entry to `routers`.
"""
