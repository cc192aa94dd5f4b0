"""Where work on many episodes is done: in this process, in several of this machine, or on a Dask cluster."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

from policy.training.data.index import Mapper

CONNECTS_WITHIN_S = 10.0


class NoCluster(RuntimeError):
    """There is no cluster to work on; the message says why and what to do."""


@contextmanager
def mapper_of(*, jobs: int = 1, scheduler: str | None = None) -> Iterator[Mapper]:
    """Something to apply a function to many episodes with.

    Args:
        jobs: Processes of this machine; 1 stays in this one.
        scheduler: Address of a Dask scheduler, such as `tcp://10.0.0.5:8786`, whose workers have this software and see
            the recordings under the same paths.

    Raises:
        NoCluster: The package is missing, or nobody answers at the address.
    """
    if scheduler is not None:
        with _cluster(scheduler) as executor:
            yield executor.map
    elif jobs == 1:
        yield map
    else:
        with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
            yield pool.map


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ImportError as error:
        raise NoCluster(
            "a Dask cluster is reached through the package `distributed`, which is not installed: "
            "pip install 'understudy[cluster]'"
        ) from error
    try:
        client = Client(address, timeout=CONNECTS_WITHIN_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise NoCluster(
            f"no Dask scheduler answers at {address}: {error}; start one with `dask scheduler`"
        ) from error
    with client:
        executor: Executor = client.get_executor()
        yield executor
