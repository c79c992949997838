"""Tasks in an image that is not built FROM the runner image."""
