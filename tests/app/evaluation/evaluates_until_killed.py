"""Run as a program: an evaluation in make-believe in the folder given, so slow that it can be killed in its midst."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from app.evaluation.evaluator import Evaluator
from app.evaluation.store import Store
from tests.app.evaluation.plans import plan
from tests.support.fake_rig import FakeRig, Turn, quick


def main(folder: Path, evaluation_id: str) -> None:
    rig = FakeRig(turns=lambda task, level, seed, again: Turn("succeed", after_s=0.05))
    kept = Store.resume(folder, evaluation_id) if evaluation_id else Store.begin(folder, plan())
    with quick():
        evaluator = Evaluator(rig, kept, world=lambda: rig)
        evaluator.start()
        while evaluator.running:
            time.sleep(0.01)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
