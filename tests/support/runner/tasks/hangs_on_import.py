"""A module whose import never ends by itself."""

import time

time.sleep(600)
