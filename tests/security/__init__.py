"""`make security`: bandit on the code, pip-audit on the images' packages, checkov on the chart."""
