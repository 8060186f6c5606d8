"""``python -m hadamrnn``."""

import sys

from hadamrnn.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
