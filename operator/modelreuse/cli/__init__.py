"""`modelreuse`, which is also `kubectl modelreuse`: the operator's questions, asked at a desk.

Importing this package is cheap, so that `--help` answers at once and an install without torch works: commands import
what they need when they run.
"""

from modelreuse.cli.commands import main

__all__ = ["main"]
