"""Takes pictures of drawn scenes of the simulated kitchen and says what is to be seen in them, in several processes."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from app.demonstrations.glimpse import glimpse_of
from app.demonstrations.picture_set import NAMES, Block, BoxSaid, Making, PictureSaid, PictureSet, SetError
from app.demonstrations.pictures import VIEWS, open_renderer, take
from app.demonstrations.questions import ask, caption
from drivers.profile import load_profile
from drivers.sim.kitchen.lighting import draw_look
from drivers.sim.scenes import NoScene, Scene, draw_scene
from drivers.sim.sight import WHOLE, Sight
from drivers.sim.world import KitchenWorld

CAMERAS: Final = ("front", "right_wrist")
"""Those that see what has a name; to the others hardly anything does."""

SCENES_IN_BLOCK: Final = 16
"""A block is made by one process, which sets up a kitchen for it: half a second."""
CAPTIONS: Final = 2
QUESTIONS: Final = 5


@dataclass(frozen=True)
class Made:
    """How a set turned out.

    Attributes:
        pictures: How many there are by camera.
        boxes: How many boxes, over all cameras.
        captions: Likewise.
        questions: Likewise.
        scenes_left_out: Scenes that could not be drawn.
    """

    pictures: Mapping[str, int]
    boxes: int
    captions: int
    questions: int
    scenes_left_out: int


def make_set(
    folder: Path,
    making: Making,
    *,
    scenes: int,
    jobs: int,
    tell: Callable[[int], None] = lambda done: None,
) -> Made:
    """Make a set of so many scenes, or go on with one until it has them.

    Blocks that are done stay when this is interrupted, and are not made again. The same making gives the same pictures
    whatever the number of processes, and more scenes later leave the earlier ones as they are.

    Args:
        folder: Of the set.
        making: What it is made by.
        scenes: How many in all.
        jobs: Processes that draw.
        tell: Called with how many scenes are done.

    Raises:
        SetError: The folder holds something else, or cannot be written.
        NoOffscreenRendering: This machine cannot draw without a screen.
    """
    kept = PictureSet(folder, making)
    numbers = range(-(-scenes // SCENES_IN_BLOCK))
    missing = [number for number in numbers if not kept.has(number)]
    done = len(numbers) - len(missing)
    tell(min(scenes, done * SCENES_IN_BLOCK))
    for _ in _made(folder, making, missing, jobs=jobs):
        done += 1
        tell(min(scenes, done * SCENES_IN_BLOCK))
    # Blocks are made whole; of the last, only what was asked for is said.
    blocks = kept.blocks(numbers)
    pictures = [picture for block in blocks for picture in block.pictures if picture.number <= scenes]
    kept.write_files(pictures, making)
    return Made(
        pictures=Counter(picture.camera for picture in pictures),
        boxes=sum(len(picture.boxes) for picture in pictures),
        captions=sum(len(picture.captions) for picture in pictures),
        questions=sum(len(picture.questions) for picture in pictures),
        scenes_left_out=sum(number <= scenes for block in blocks for number in block.left_out),
    )


def _made(folder: Path, making: Making, missing: Sequence[int], *, jobs: int) -> Iterator[int]:
    """Make blocks, and give the number of each as it is done."""
    if jobs == 1 or len(missing) < 2:
        for number in missing:
            yield make_block(folder, making, number)
        return
    with ProcessPoolExecutor(min(jobs, len(missing)), multiprocessing.get_context("spawn")) as pool:
        try:
            waiting = [pool.submit(make_block, folder, making, number) for number in missing]
            for future in as_completed(waiting):
                yield future.result()
        except BrokenProcessPool as error:
            raise SetError(
                f"a process that draws was ended from outside, perhaps for want of memory; ask for {folder} again, with"
                " fewer --jobs, and it goes on"
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def make_block(folder: Path, making: Making, number: int) -> int:
    """Take the pictures of a block's scenes, keep what is said of them, and give the block's number again."""
    kept = PictureSet(folder, making)
    profile = load_profile(making.profile)
    world = KitchenWorld(profile, seed=making.seed)
    renderer = open_renderer(making.cameras)
    pictures: list[PictureSaid] = []
    left_out: list[int] = []
    try:
        sight = Sight(renderer)
        first = number * SCENES_IN_BLOCK + 1
        for scene_number in range(first, first + SCENES_IN_BLOCK):
            seeds = np.random.SeedSequence((making.seed, scene_number))
            try:
                scene = draw_scene(profile, world, int(seeds.generate_state(1)[0]))
            except NoScene:
                left_out.append(scene_number)
                continue
            rng = np.random.default_rng(seeds)
            renderer.dress(draw_look(rng))
            for camera in making.cameras:
                pictures.append(say(scene, sight, camera, scene_number, making, rng))
                kept.picture_path(camera, scene_number).write_bytes(take(renderer, camera))
    finally:
        renderer.close()
    kept.keep(number, Block(pictures=tuple(pictures), left_out=tuple(left_out)))
    return number


def say(
    scene: Scene, sight: Sight, camera: str, number: int, making: Making, rng: np.random.Generator
) -> PictureSaid:
    """What is to be said of a camera's picture of a scene: boxes, captions, questions with answers."""
    width_px, height_px = VIEWS[camera].kept_px
    looked = sight.look(
        scene.state,
        camera,
        width_px=width_px,
        height_px=height_px,
        within=making.within.get(camera, WHOLE),
    )
    glimpse = glimpse_of(scene.truth, looked, pixels=width_px * height_px)
    return PictureSaid(
        camera=camera,
        number=number,
        width_px=width_px,
        height_px=height_px,
        boxes=tuple(
            BoxSaid(
                name,
                (
                    seen.left * width_px,
                    seen.top * height_px,
                    seen.right * width_px,
                    seen.bottom * height_px,
                ),
                seen.pixels,
            )
            for name in NAMES
            if (seen := glimpse.seen.get(name)) is not None
        ),
        captions=tuple(caption(glimpse, rng) for _ in range(CAPTIONS)),
        questions=tuple(ask(glimpse, rng, count=QUESTIONS)),
    )
