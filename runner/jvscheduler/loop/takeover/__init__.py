"""This loop's takeovers: records what came due before it had the tasks."""
