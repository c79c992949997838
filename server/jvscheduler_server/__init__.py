"""The monitoring API, and the sweep that keeps the history true while pods come and go."""
