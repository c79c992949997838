"""The version of the project. hatchling reads it for the wheel, and a test compares the chart's."""

__version__ = "0.1.0"
