"""A module whose import never ends by itself."""

import time

print("importing", flush=True)
time.sleep(600)
