"""Reconciles one ScheduledTask: gather, decide, apply, report its status."""
