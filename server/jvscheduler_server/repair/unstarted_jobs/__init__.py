"""Records what jobs wait for, and those that never started."""
