"""Counts recordings here and on a Dask cluster of two processes, and fails where the numbers differ.

A program of its own, for distributed leaves threads behind that no test may leave.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from distributed import LocalCluster

from policy.training.data.index import index_dataset
from policy.training.data.reader import SampleReader
from policy.training.mappers import mapper_of
from policy.training.statistics import statistics_of
from tests.policy.training.recorded import data, form


def main(folder: Path) -> None:
    with (
        tempfile.TemporaryDirectory() as scratch,
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=scratch
        ) as cluster,
        mapper_of(scheduler=cluster.scheduler_address) as mapper,
    ):
        there_reader = SampleReader(index_dataset(data(folder), form(), mapper=mapper), form())
        there = statistics_of([there_reader], horizon=10, mapper=mapper)
    here = statistics_of([SampleReader(index_dataset(data(folder), form()), form())], horizon=10)
    for robot, one in here.items():
        for name, stats in one.statistics().items():
            other = there[robot].statistics()[name]
            assert (stats.mean == other.mean).all()
            assert (stats.quantiles(name)[1] == other.quantiles(name)[1]).all()
    print("the same:", ", ".join(here))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
