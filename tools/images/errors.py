"""How a command ends that could not do its work."""


class ImagesError(Exception):
    """Something failed; the message says what, with the tail of the log where there is one."""
