"""A policy over the network: openpi's websocket protocol, both ends."""
