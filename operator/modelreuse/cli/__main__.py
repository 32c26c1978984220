"""`python -m modelreuse.cli`, for a checkout that isn't installed."""

from modelreuse.cli.commands import main

main(prog_name="modelreuse")
