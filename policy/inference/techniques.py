"""What makes the fast path fast, each by its own switch, so that a bench can say what each is worth."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class Techniques:
    """Which short cuts are taken. All leave the numbers as they are, up to rounding.

    Attributes:
        fused_projections: Queries, keys and values in one matrix product, gate and up of an MLP in another.
        fused_attention: PyTorch's attention kernels, and no mask but one over keys, in place of attention in the open
            under a full mask.
        batched_cameras: All cameras through the image encoder at once.
        trimmed_prompt: Padding behind the longest prompt of the batch is left out: all of it on a processor, down to
            the next bucket on a GPU, where every length is a graph of its own.
        dropped_cameras: Cameras that the whole batch lacks are left out; they take no positions and nobody sees them.
        short_last_layer: The language tower's last layer makes keys and values only.
        step_tables: All that depends on flow time alone is made once a model, not once a chunk and step.
        state_once: π0's state token, which never sees actions, goes through the expert once, not in every step.
        static_cache: Keys and values lie in buffers that are made once; each step writes its own behind the prefix.
        cuda_graph: On a GPU, the whole pass is one graph that the host launches at once.
    """

    fused_projections: bool = True
    fused_attention: bool = True
    batched_cameras: bool = True
    trimmed_prompt: bool = True
    dropped_cameras: bool = True
    short_last_layer: bool = True
    step_tables: bool = True
    state_once: bool = True
    static_cache: bool = True
    cuda_graph: bool = True

    def __post_init__(self) -> None:
        """Refuse a graph over buffers that are not fixed.

        Raises:
            ValueError: `cuda_graph` without what it rests on.
        """
        if self.cuda_graph and not self.capturable:
            message = (
                "a CUDA graph needs `static_cache`, `step_tables`, `fused_attention` and `state_once`: what it replays"
                " must lie where it lay; switch them on, or `cuda_graph` off"
            )
            raise ValueError(message)

    @property
    def capturable(self) -> bool:
        """Whether a pass makes nothing on the host and keeps all its buffers."""
        return self.static_cache and self.step_tables and self.fused_attention and self.state_once

    def without(self, name: str) -> Techniques:
        """The same with one switched off, and what rests on it.

        Raises:
            ValueError: There is no technique of that name.
        """
        if name not in NAMES:
            message = f"no technique {name!r}; there are {', '.join(NAMES)}"
            raise ValueError(message)
        switches = {each: getattr(self, each) for each in NAMES} | {name: False}
        needed = ("static_cache", "step_tables", "fused_attention", "state_once")
        switches["cuda_graph"] = switches["cuda_graph"] and all(switches[each] for each in needed)
        return replace(self, **switches)


NAMES = tuple(field.name for field in fields(Techniques))
FAST = Techniques()
PLAIN = Techniques(**dict.fromkeys(NAMES, False))
"""The model as openpi computes it: nothing prepared, prompt padded, cameras one by one, the last layer whole."""
