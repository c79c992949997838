"""The way to the Kubernetes API: `client` says what it offers, `kubernetes` does it.

`jvscheduler_operator.testing.cluster` is the same in memory. One contract suite
holds for both.
"""
