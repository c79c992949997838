"""What the pods of tasks may not be: the Pod Security Standards, and what this system adds. Pure.

Who creates a ScheduledTask lets the operator create pods. A cluster's own checks of pods would
see the operator, so the operator holds every template to the installation's policy.
"""
