"""The headings under which actions are listed, and what several of them share."""

SPEED_STEP = 0.25
STOP_PRESSED = "STOP was pressed"
HOLD_FIRST = "The robot is moving. Hold it first ({mode.hold})."
MOVING = "Moving"
FEET = "Held by foot"
TOLD = "Told, and alone"
VOICE = "Voice"
RECORDING = "Recording"
SIMULATION = "Simulated kitchen"
EPISODE = "Episode"
ROBOT = "Robot"
EVALUATION = "Evaluation"
WINDOW = "Window"
LIST = "List of episodes"
TRASH = "Trash"
PLAYER = "Player"
LABELS = "Labels"
SUGGESTIONS = "Suggested labels"
BOXES = "Boxes"
REVIEWERS = "Several reviewers"
SETTINGS = "Settings"

JUDGEMENTS = (
    ("success", "Judge: success", "S"),
    ("failure", "Judge: failure", "F"),
    ("unset", "Take the judgement away", "U"),
)
"""Outcome, title and key of each way to judge a finished episode, alike wherever one is chosen."""
