"""Run as a program with openpi's own client on its path: talks to a server and prints what it saw, as JSON.

python stock_client.py PORT [KEY]
"""

from __future__ import annotations

import json
import sys
import warnings

import numpy as np

warnings.simplefilter("ignore", DeprecationWarning)  # how that client opens a connection is old style by now


def main() -> None:
    from openpi_client import image_tools
    from openpi_client.websocket_client_policy import WebsocketClientPolicy

    port, key = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
    client = WebsocketClientPolicy("127.0.0.1", port, api_key=key)
    width = client.get_server_metadata().get("state_dim", 8)
    image = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)
    observation = {
        "images": {"front": image_tools.resize_with_pad(image, 224, 224)},
        "state": np.linspace(-1, 1, width),
        "prompt": "pick up the fork",
    }
    replies = [client.infer(observation), client.infer(observation)]
    try:
        client.infer({**observation, "state": np.full(width, np.nan)})
        error = ""
    except RuntimeError as raised:
        error = str(raised)
    again = WebsocketClientPolicy(f"ws://127.0.0.1:{port}", api_key=key)
    print(
        json.dumps(
            {
                "metadata": client.get_server_metadata(),
                "keys": [list(reply) for reply in replies],
                "timing": [list(reply["server_timing"]) for reply in replies],
                "actions": replies[1]["actions"].tolist(),
                "dtype": str(replies[1]["actions"].dtype),
                "error": error,
                "after": again.infer(observation)["actions"].tolist(),
            }
        )
    )


if __name__ == "__main__":
    main()
