"""Tasks for the tests of runner and worker, as a user would write them."""

WORD = "RUNNER_TEST_WORD"
"""The variable with the path of a file that `imports_on_word` waits for."""
