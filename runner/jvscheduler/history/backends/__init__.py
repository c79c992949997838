"""The databases that can hold a history: a folder for each, and the registry that finds it.

`generic` serves jvspatial's other databases, such as one in memory. No URL leads to it.
"""
