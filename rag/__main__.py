"""`python -m rag`: the same as the command `footnote`."""

import sys

from .cli.parser import main

if __name__ == "__main__":
    sys.exit(main())
