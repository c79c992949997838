"""What feeds keys to the reconcilers: watches, cache and queue."""
