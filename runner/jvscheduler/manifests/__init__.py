"""ScheduledTasks as Kubernetes sees them: the model of the resource and its YAML."""
