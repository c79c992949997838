"""The API's resources: one module each, with a `router` that `api.routers` lists."""
