"""`python -m eval`: scores, comparisons, and fitting."""

import sys

if __name__ == "__main__":
    if sys.argv[1:2] == ["fit"]:
        from .fit import main

        sys.exit(main(sys.argv[2:]))
