"""From what a robot measures to what the model takes, and back.

Read it in this order: `compose` (what flows), `embodiments` (a robot's names and units; `fields` checks requests),
`deltas`, `normalize` (with `norm_stats`, the file, and `running_stats`, how they are taken), `images`, `tokenize`,
`pad`, then `configs` (what each published policy was trained with), `pipeline` (all in order) and `to_tensors`.
`augment` is for training only.
"""
