"""The custom resource ScheduledTask: its model, its CRD, and the YAML that `build` writes."""
