"""The databases that can hold a history: a folder for each, and the registry that finds it.

`generic` is for all other databases of jvspatial's, such as one in memory; no URL leads to it.
"""
