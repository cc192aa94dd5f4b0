"""`understudy bench record`: the recorder alone, fed by synthetic cameras at a rate that no four USB cameras reach."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from app.bench.encoding import encoding_cpu_s
from app.bench.figures import Figures, add_json_argument
from app.bench.processes import CpuMeter
from app.bench.waiting import beating, wait
from app.session import Session
from drivers.cameras.pattern import shaded_picture
from recordings import CameraSpec, Dataset, Environment, EpisodeSpec, Outcome, encode_jpeg

MIB = 1 << 20
FEED_STARTS_S = 30.0
LONG_EPISODE_S = 600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    parser.add_argument("--seconds", type=float, default=60.0, metavar="N", help="length of the episode (60)")
    parser.add_argument("--cameras", type=int, default=4, help="how many (4)")
    parser.add_argument("--size", default="640x480", metavar="WxH", help="of each picture (640x480)")
    parser.add_argument("--rate", type=float, default=50.0, help="pictures a second of each camera (50)")
    parser.add_argument("--mjpeg", action="store_true", help="feed ready-made JPEG bytes")
    parser.add_argument("--data", type=Path, help="keep the recording in this dataset")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and report; 1 when a bound was missed."""
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as scratch:
        folder = Path(scratch)
        profile = write_profile(folder, args)
        data_dir = args.data or folder / "dataset"
        session = Session(str(profile), data_dir=data_dir, operator="bench", processes=("recorder",))
        try:
            measure(session, args, data_dir, figures)
        finally:
            session.close()
        figures.add("writer_close_10min_s", long_close_s(folder / "long", args), at_most=0.2)
    return figures.report(args.json)


def measure(session: Session, args: argparse.Namespace, data_dir: Path, figures: Figures) -> None:
    """Record what the feeder publishes, and compare."""
    kind = "mjpeg" if args.mjpeg else "rgb"
    wait(
        session, lambda now: any(process.state == "ready" for process in now.processes), 20.0, "the recorder"
    )
    command = [sys.executable, "-m", "app.bench.feeder", str(session.runtime_dir), str(args.seconds), kind]
    meter = CpuMeter(session.snapshot().processes)
    session.start_episode("bench: synthetic cameras")
    recording = wait(session, lambda now: now.recording is not None, 5.0, "the episode to start").recording
    with (
        beating(session),
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as feeder,
    ):
        if feeder.stdout is None or feeder.stdin is None or recording is None:
            raise RuntimeError("the feeder has no pipes")
        feeder.stdout.readline()
        began = time.monotonic()
        while feeder.poll() is None and time.monotonic() - began < args.seconds:
            time.sleep(0.1)
        fed = json.loads(feeder.stdout.readline())
        elapsed = time.monotonic() - began
        time.sleep(0.2)
        session.end_episode("success")
        wait(session, lambda now: now.recording is None, 10.0, "the episode to close")
        cpu_recorder = meter.seconds("recorder")
        feeder.stdin.close()
    episode = Dataset.open(data_dir).episode(recording.episode_id)
    recorded = sum(len(episode.camera(name)) for name in session.profile.cameras)
    figures.add("frames_captured", fed["frames"])
    figures.add("frames_dropped", fed["frames"] - recorded, at_least=0, at_most=0)
    figures.add("ticks", fed["ticks"])
    figures.add("state_rows", len(episode.state.time_ns), at_least=fed["ticks"], at_most=fed["ticks"])
    figures.add("write_mib_s", episode.info.bytes_written / MIB / elapsed)
    figures.add("episode_close_s", session.last_close_s, at_most=0.2)
    figures.add("recorder_cpu_s", cpu_recorder)
    figures.add("recorder_cpu_share", cpu_recorder / elapsed)
    if not args.mjpeg:
        alone_s = encoding_cpu_s(
            episode, {name: camera.jpeg_quality for name, camera in session.profile.cameras.items()}
        )
        figures.add("encoding_alone_cpu_s", alone_s)
        figures.add("recorder_cpu_ratio", cpu_recorder / alone_s, at_most=1.2)


def write_profile(folder: Path, args: argparse.Namespace) -> Path:
    """A profile of a robot with nothing but cameras and one arm, whose recorder is the only process that runs."""
    width, height = (int(number) for number in args.size.split("x"))
    cameras = "\n".join(
        f"[cameras.camera_{index}]\nsource = {index}\nrate_hz = {args.rate}\n"
        f"width_px = {width}\nheight_px = {height}\n"
        for index in range(args.cameras)
    )
    path = folder / "synthetic.toml"
    path.write_text(SYNTHETIC_ARM + cameras)
    return path


def long_close_s(folder: Path, args: argparse.Namespace) -> float:
    """Seconds that closing an episode takes whose length is ten minutes, written as fast as the disk takes it."""
    width, height = (int(number) for number in args.size.split("x"))
    jpeg = encode_jpeg(shaded_picture(height, width, number=0), 50)
    names = tuple(f"camera_{index}" for index in range(args.cameras))
    spec = EpisodeSpec(
        task="bench: ten minutes",
        environment=Environment(home="bench", room="", scene=""),
        operator="bench",
        robot_profile="synthetic",
        robot_profile_hash="",
        vector_names=("joint",),
        vector_units=("rad",),
        cameras=tuple(CameraSpec(name=n, height_px=height, width_px=width, rate_hz=args.rate) for n in names),
        control_rate_hz=50.0,
        software_version="bench",
    )
    writer = Dataset.open(folder, create=True).create_episode(spec)
    zero = np.zeros(1, np.float32)
    for row in range(round(LONG_EPISODE_S * 50)):
        time_ns = 1_000_000_000 + row * 20_000_000
        writer.append_tick(
            time_ns=time_ns,
            position=zero,
            velocity=zero,
            effort=zero,
            action_time_ns=time_ns,
            requested=zero,
            sent=zero,
            source=0,
        )
    for frame in range(round(LONG_EPISODE_S * args.rate)):
        for name in names:
            writer.append_frame(name, 1_000_000_000 + round(frame * 1e9 / args.rate), jpeg)
    began = time.monotonic()
    writer.close(outcome=Outcome.SUCCESS)
    return time.monotonic() - began


SYNTHETIC_ARM = """
name = "synthetic"
vector = ["arm.only"]

[buses.only]
port = "/dev/null"

[arms.only]
bus = "only"
home_rad = [0.0]
rest_rad = [0.0]
joints = [{ name = "joint", ids = [1], min_rad = -1.0, max_rad = 1.0 }]

"""
