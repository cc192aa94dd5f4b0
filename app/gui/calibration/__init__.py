"""The guided calibration on screen."""
