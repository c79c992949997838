"""A module whose import does not end by itself."""

import time

time.sleep(600)
