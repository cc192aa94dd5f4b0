"""π0.5: one model that names the next subtask and moves the robot; with π0, π0-FAST and π0-small beside it.

Read it in this order: `presets` (sizes), `model` (the network), `text` and `actions` (tokens), `transforms` (a robot's
numbers to the model's and back), `checkpoints`, `inference` (the two levels, fast), `serving` (over the network).

Axes of tensors, as the last part of their names:
    B batch · N cameras · C colour · Y X pixels · P tokens of one image · L prompt tokens · S all prefix tokens ·
    T steps of a chunk · A action dimensions · W width of a layer · H heads · G key-value heads · D width of a head ·
    V vocabulary · K keys of an attention · Q queries of an attention
"""
