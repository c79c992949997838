"""The loop's end of the connection to its worker."""
