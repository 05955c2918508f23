"""`python -m alloc_rewrite`."""

import sys

from .cli import main
from .cli.tracebacks import without_our_frames

if __name__ == "__main__":
    sys.excepthook = without_our_frames(sys.excepthook)
    sys.exit(main())
