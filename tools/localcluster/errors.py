"""The two ways in which a command ends that a person can do something about."""


class ClusterError(Exception):
    """Something failed while working; the message says what, and carries the tail of a log where there is one. Exit
    status 1.
    """


class UnsuitableMachineError(ClusterError):
    """The machine can't host the cluster at all; the message is one line that says what to do instead. Exit status
    2.
    """
