"""A backend for any database of jvspatial's, through jvspatial's own interface."""
