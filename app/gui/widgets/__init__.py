"""The parts that pages are made of, each showing one thing."""
