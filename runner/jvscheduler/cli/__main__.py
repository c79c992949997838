"""`python -m jvscheduler.cli` is the command `jvscheduler` where that is not on the path."""

import sys

from jvscheduler.cli import main

sys.exit(main())
