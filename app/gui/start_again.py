"""Opens the app again in place of itself, with the same command line."""

from __future__ import annotations

import os
import sys


def start_again() -> None:
    """Replace this process by a new one of the same command. Does not return; call it when everything is closed."""
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
