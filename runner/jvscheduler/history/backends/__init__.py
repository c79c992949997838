"""The databases of the history: one folder each."""
