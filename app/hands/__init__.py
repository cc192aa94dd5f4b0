"""What the operator's hands and feet want: by keys, gamepad and handles, and on a simulated robot by the leaders."""
