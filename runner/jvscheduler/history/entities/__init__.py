"""Entities of users' own and of ours: jvspatial's, with queries that hold on every database."""
