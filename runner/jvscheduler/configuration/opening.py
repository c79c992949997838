"""Opens the project that the command line and the working folder name."""

from pathlib import Path

from jvscheduler.configuration import files
from jvscheduler.configuration.project import Project, Selection
from jvscheduler.errors import InvalidSettings


def open_project(selection: Selection) -> Project:
    """Raises InvalidSettings."""
    config = selection.config
    source = files.find(Path.cwd()) if config is None else files.read(config)
    if source is not None:
        # A command without a file does not wait until pydantic is loaded.
        from jvscheduler.configuration.parse import project_of  # noqa: PLC0415

        return project_of(source, selection)
    if selection.environment is not None:
        raise InvalidSettings(
            f"--env {selection.environment}: the working folder has no {files.OWN_FILE} and no "
            f"[tool.jvscheduler] in {files.SHARED_FILE}"
        )
    if not selection.modules:
        raise InvalidSettings(
            f"name at least one module of tasks, such as shop.tasks, here or as 'modules' of "
            f"[tool.jvscheduler] in {files.SHARED_FILE}"
        )
    return Project(selection.modules)
