"""Records which definition of each CronJob was in force since when."""
