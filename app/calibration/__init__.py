"""The guided calibration, free of Qt: a state machine that snapshots drive, and what it needs of the robot."""
