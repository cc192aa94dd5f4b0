"""The sections of the Settings page, one a file."""
