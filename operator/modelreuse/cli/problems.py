"""What ends a command early: one line for the person, and an exit status for the script."""

BAD_INPUT = 2
OTHER = 1


class Problem(Exception):  # noqa: N818 - it is not always an error
    """`str()` is one line; the command prints it on standard error and ends with `exit_status`."""

    def __init__(self, line: str, exit_status: int = BAD_INPUT) -> None:
        super().__init__(" ".join(line.split()))
        self.exit_status = exit_status
