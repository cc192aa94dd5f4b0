"""The network: one file a concept, from the norms up to whole models."""
