"""Takes a place at a topic and keeps it until killed: `python killed_port.py RUNTIME_DIR publisher|subscriber`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from app.dataplane import DataPlane, Topic

TOPIC = Topic("crowded", max_bytes=64, depth=4, publishers=2, subscribers=2)

if __name__ == "__main__":
    plane = DataPlane(Path(sys.argv[1]))
    port = plane.publisher(TOPIC) if sys.argv[2] == "publisher" else plane.subscriber(TOPIC)
    print("ready", flush=True)
    while True:
        time.sleep(1.0)
