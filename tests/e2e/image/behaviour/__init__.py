"""Tasks by which every mode is seen to do what the options of a task promise."""
