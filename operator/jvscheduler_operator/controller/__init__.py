"""Decides which key is reconciled when: watch events and lists in, passes out."""
