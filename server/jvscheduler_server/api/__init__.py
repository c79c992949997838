"""The HTTP API. A resource is one module here and one entry in `routers`."""
