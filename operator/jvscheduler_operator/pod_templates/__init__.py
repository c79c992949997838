"""The pods of tasks and loops: our own pod with the user's partial template laid over it. Pure."""
