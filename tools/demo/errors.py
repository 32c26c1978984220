"""How the demo ends when it can't go on."""


class DemoError(Exception):
    """Something that was promised did not happen; the message says what."""
