"""What `dev` tells its user: one line for each thing that happened, on stderr."""

import sys
from datetime import datetime


def say(text: str) -> None:
    now = datetime.now().astimezone()
    sys.stderr.write(f"{now:%H:%M:%S} {text}\n")
    sys.stderr.flush()
