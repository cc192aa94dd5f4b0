"""Robot profiles: what a robot is, read once from TOML into frozen values."""
