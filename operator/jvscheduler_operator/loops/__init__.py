"""Reconciles the Deployment of one loop: gather, decide, apply."""
