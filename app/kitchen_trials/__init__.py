"""Closed-loop trials of a policy in the simulated kitchen, faster than real time: physics waits for inference."""
