"""Tasks for the runner's tests, as a user's package has them."""

WORD = "RUNNER_TEST_WORD"
"""Variable with the path of a file that `imports_on_word` waits for."""
