"""The headings under which actions are listed, and what several of them share."""

SPEED_STEP = 0.25
STOP_PRESSED = "STOP was pressed"
MOVING = "Moving"
FEET = "Held by foot"
RECORDING = "Recording"
SIMULATION = "Simulated kitchen"
EPISODE = "Episode"
ROBOT = "Robot"
WINDOW = "Window"
LIST = "List of episodes"
TRASH = "Trash"
PLAYER = "Player"
