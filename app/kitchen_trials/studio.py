"""What it takes to let a policy loose and to record it: the policy, what it sees through, and a dataset."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.demonstrations.pictures import Pictures
from app.kitchen_policy import PROFILE
from app.kitchen_trials.cameras import Cameras
from app.kitchen_trials.subject import Subject
from drivers.profile import load_profile
from recordings import Dataset


class Studio:
    """Open from `with` to its end.

    Args:
        choice: the policy.
        into: the dataset's folder, made where there is none.
        cameras: whose pictures are recorded.
        threads: that the policy computes with.

    Attributes:
        profile: the simulated robot.
        subject: the policy.
        cameras: that it sees through; None for the scripted one, which sees the truth.
        dataset: where episodes are written.
        pictures: the cameras that are recorded.

    Raises:
        CheckpointError, FileNotFoundError, ValueError: the policy cannot be loaded.
        UnknownView: there is no such camera to record with.
        NoOffscreenRendering: when this machine cannot draw.
    """

    def __init__(
        self, choice: PolicyChoice, into: Path, cameras: tuple[str, ...], *, threads: int = 1
    ) -> None:
        self.profile = load_profile(PROFILE)
        if choice.kind is not PolicyKind.SCRIPTED:
            from policy.inference.runtime import runtime  # brings torch along

            runtime("cpu", threads=threads)
        self.subject = Subject(choice, self.profile)
        self.dataset = Dataset.open(into.expanduser(), create=True)
        with ExitStack() as opened:
            self.cameras: Cameras | None = None
            if choice.kind is not PolicyKind.SCRIPTED:
                self.cameras = opened.enter_context(Cameras(self.profile))
            self.pictures = opened.enter_context(closing(Pictures(cameras)))
            self._opened = opened.pop_all()

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()
