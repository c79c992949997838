"""The version of the project. hatchling reads it for the wheel, and a test compares the chart's.

It is written as semver asks, because Helm takes nothing else. Python reads it as 0.2.0.dev0.
"""

__version__ = "0.2.0-dev.0"
