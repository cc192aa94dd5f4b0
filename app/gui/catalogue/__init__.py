"""What the operator can do, spelled out: every action of the window with its keys and conditions, a group a file."""
