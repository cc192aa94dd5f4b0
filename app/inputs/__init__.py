"""Hands-free inputs: what a key, a pedal, a gamepad, a leader's handle or a spoken word means, without Qt."""
