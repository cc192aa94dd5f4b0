"""The player of one episode: a clock and a reader without widgets, and the widgets that only show what they say."""
