"""Kubernetes objects as plain JSON: what passes over tasks and over loops both know of them.

Pure: nothing here calls the API, logs, or asks for the time.
"""
