"""Records the due instants that a loop left without a record when it stopped serving a task."""
