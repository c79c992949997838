"""Other packages' names for what jvscheduler does. Nothing else imports this room."""
