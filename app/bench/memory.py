"""How much memory a session's processes hold, and whether it grows."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import psutil
from numpy.typing import ArrayLike

from app.session.view import ProcessView

MIB = 1 << 20


def growth_per_s(times_s: ArrayLike, values: ArrayLike) -> float:
    """The slope of values over time, robustly: the median of the slopes between any two (Theil and Sen).

    A step up and down again, as when a garbage collector runs late, counts for little; a steady leak counts in full.
    NaN with fewer than two values.
    """
    t, v = np.asarray(times_s, float), np.asarray(values, float)
    if len(t) < 2:
        return float("nan")
    later, earlier = np.triu_indices(len(t), 1)[::-1]
    return float(np.median((v[later] - v[earlier]) / (t[later] - t[earlier])))


class MemoryWatch:
    """Samples what each process has for itself alone (USS), all the time, until closed by `watching`.

    Args:
        processes: the session's; the one that owns it is added as `window`.
    """

    def __init__(self, processes: tuple[ProcessView, ...]) -> None:
        self._processes = {process.name: psutil.Process(process.pid) for process in processes}
        self._processes["window"] = psutil.Process(os.getpid())
        self._began_s = time.monotonic()
        self.times_s: list[float] = []
        self.mib: dict[str, list[float]] = {name: [] for name in self._processes}

    def sample(self) -> None:
        """Take one sample of each process; one that has ended counts nothing."""
        self.times_s.append(time.monotonic() - self._began_s)
        for name, process in self._processes.items():
            try:
                self.mib[name].append(process.memory_full_info().uss / MIB)
            except psutil.NoSuchProcess:
                self.mib[name].append(0.0)

    @contextmanager
    def watching(self, *, every_s: float) -> Iterator[None]:
        """Sample until the block ends."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(every_s):
                self.sample()

        thread = threading.Thread(target=watch, name="memory watch")
        self.sample()
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self.sample()

    def growth_mib(self, *, over_s: float) -> dict[str, float]:
        """By process, and for all of them as `all`: growth at the measured slope in so many seconds."""
        series = self.mib | {"all": [float(sum(row)) for row in zip(*self.mib.values(), strict=True)]}
        return {name: over_s * growth_per_s(self.times_s, values) for name, values in series.items()}
