"""Runs one job from its due instant to its last attempt, within the limits of its task."""
