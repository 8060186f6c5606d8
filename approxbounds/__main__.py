"""``python -m approxbounds``."""

import sys

from approxbounds.cli import main

if __name__ == "__main__":
    sys.exit(main())
