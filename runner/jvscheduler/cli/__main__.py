"""`python -m jvscheduler.cli`, where the script is not on the path."""

import sys

from jvscheduler.cli import main

sys.exit(main())
