"""`python main.py …` from a checkout is `watchfloor …`."""

import sys

from cli.main import run

if __name__ == "__main__":
    sys.exit(run())
