"""Entities of users and of our own: jvspatial's, with queries that mean the same everywhere."""
