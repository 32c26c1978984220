"""`python -m objectstore build`: builds the server into the cache, so that the first test needn't."""

import sys

from objectstore.server import binary

if sys.argv[1:] != ["build"]:
    sys.exit("usage: python -m objectstore build")
print(binary())
