"""What the operator's hands and feet want: keys, gamepad and on-screen handles, and on a simulated robot the leaders."""
