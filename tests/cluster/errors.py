"""Errors of the test clusters; apart from the product's, which is what is being tested."""


class ClusterError(Exception):
    """A cluster, image or database of the tests could not be had; says what to do."""


class MissingPrerequisiteError(ClusterError):
    """Something that must be installed by hand is not there."""


class CommandError(ClusterError):
    """A command failed; carries its output."""

    def __init__(self, command: str, code: int, output: str) -> None:
        super().__init__(f"`{command}` exited with {code}:\n{output.strip()}")
        self.code = code
        self.output = output
