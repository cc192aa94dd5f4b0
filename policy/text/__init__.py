"""Text as tokens: vocabularies, prompt formats, boxes, and the tree of allowed phrases."""
