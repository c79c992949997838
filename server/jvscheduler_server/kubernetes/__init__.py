"""Kubernetes as the server sees it: watches, and objects in the server's words."""
