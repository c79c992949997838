"""A user's application that goes on while parts of the cluster do not."""
