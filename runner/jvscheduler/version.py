"""The one place that says the version; hatchling reads it, and so does the chart's test."""

__version__ = "0.1.0"
