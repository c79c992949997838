"""Real clusters for the tests, made from source where no image registry can be reached.

Integration tests talk to an API server alone (`api_server`), end-to-end tests to
a kind cluster (`kind`) or to the one that the current kubeconfig names (`current`).
Everything is built once into a cache and is the same on every machine: the pins
are in `versions`. Nothing here imports the product.
"""
