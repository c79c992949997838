"""The pods of tasks and loops: ours, with the user's partial template laid over them."""
