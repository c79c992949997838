"""Settles takeovers: records what came due before this loop had the task."""
