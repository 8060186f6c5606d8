"""``python -m hadamrnn``."""

import sys

from hadamrnn.cli import main

if __name__ == "__main__":
    sys.exit(main())
