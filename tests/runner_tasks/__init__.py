"""Tasks for the runner's tests, as a user's package has them."""
