"""`python -m gearshift` is the command `gearshift`."""

import sys

from gearshift.cli import main

if __name__ == "__main__":
    sys.exit(main())
