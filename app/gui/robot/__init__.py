"""What the Robot page knows, free of Qt: who its servos are, what needs attention, how a repair goes on."""
