"""What the simulated world raises."""


class WorldError(Exception):
    """The simulated world cannot do what was asked; the message says what it has, or what to do."""
