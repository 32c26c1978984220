"""What training code can get wrong about the contract."""


class TrainingError(Exception):
    """A use of this helper that can't lead to a valid result; `str()` says what to do instead."""
