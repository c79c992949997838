"""The loop's end of the connection to its worker, and the attempts that the worker has."""
