"""The simulated kitchen: its model in MJCF files, its measures, its textures, and where things are put."""
