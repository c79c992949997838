"""The loop's end of the connection to its worker, and the runs that the worker has."""
