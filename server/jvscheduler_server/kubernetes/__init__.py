"""The real cluster: a connection, one informer for each kind, and conversions to our values."""
