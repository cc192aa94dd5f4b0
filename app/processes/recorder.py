"""The recorder process: every stream of the session into the running episode, live."""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path

import msgspec
import numpy as np

from app.control import Request
from app.dataplane import Sample
from app.dataplane.layouts import (
    EVENTS,
    FRAME_STRUCT,
    JPEG,
    SIMULATION,
    frame_topic,
    tick_layout,
    tick_topic,
)
from app.dataplane.sound import SoundSubscriber
from app.messages import DiscardEpisode, EndEpisode, Event, Shutdown, StartEpisode
from app.processes.context import ProcessContext
from app.processes.episode_spec import episode_spec
from recordings import (
    Dataset,
    EpisodeWriter,
    Outcome,
    RecordingError,
    TimeNotIncreasing,
    WrongShape,
    encode_jpeg,
)
from recordings import Event as RecordedEvent

POLL_S = 0.25
"""Pause between two looks at the streams. They hold seconds, so all that a longer pause can lose is what a killed
recorder had not written yet, and each look costs processor time."""

SETTLE_S = 0.05
"""After an episode is ended, how long streams may still deliver what was captured before the end."""

SOUND_SETTLE_S = 0.3
"""The same for sound, which comes later, through a sound server; it is waited for only where a microphone is heard."""

UNFIT = (TimeNotIncreasing, WrongShape)
"""What is wrong with one item, not with the recording: a repeated capture time, a picture of another size."""

_decode_event = msgspec.json.Decoder(Event).decode


class RecorderProcess:
    """Takes what is published and appends it, one item a write.

    Args:
        context: the process's surroundings.
    """

    def __init__(self, context: ProcessContext) -> None:
        self._context = context
        profile = context.profile
        plane = context.plane
        self._tick_layout = tick_layout(profile.dof)
        self._ticks = plane.subscriber(tick_topic(profile))
        self._frames = {
            name: plane.subscriber(frame_topic(name, camera)) for name, camera in profile.cameras.items()
        }
        self._qualities = {name: camera.jpeg_quality for name, camera in profile.cameras.items()}
        self._events = plane.subscriber(EVENTS)
        self._sound = SoundSubscriber(plane)
        self._simulation = plane.subscriber(SIMULATION) if profile.simulation is not None else None
        self._state_size = 0
        self._dataset: Dataset | None = None
        self._writer: EpisodeWriter | None = None
        self._task = ""
        self._started_ns = 0
        self._ended_ns = 0
        self._rows = self._frame_count = self._sound_blocks = self._dropped = 0
        self._unfit: set[str] = set()
        self._subtasks: dict[bytes, int] = {}
        self._troubled = False

    def run(self) -> None:
        """Record when asked, until told to end."""
        context = self._context
        gc.collect()
        gc.freeze()
        while not context.ending:
            asked = False
            for request in context.server.receive():
                self._answer(request)
                asked = True
            self._drain()
            if self._writer is not None and not context.owner_alive():
                context.event("episode", "Closing the episode: the window stopped answering", level="warning")
                self._close(Outcome.UNSET)
            if context.owner_ended():
                break
            if asked or context.due():
                context.beat("recording" if self._writer is not None else "ready", **self._detail())
            context.server.wait(POLL_S)
        if self._writer is not None:
            self._close(Outcome.UNSET)

    # -- commands ------------------------------------------------------------------------------------------------------

    def _answer(self, request: Request) -> None:
        try:
            match request.command:
                case StartEpisode() as command:
                    request.done(episode_id=self._start(command))
                case EndEpisode(outcome=outcome, episode_id=episode_id):
                    request.done(episode_id=self._end(Outcome(outcome), meant=episode_id))
                case DiscardEpisode(episode_id=episode_id):
                    request.done(episode_id=self._discard(meant=episode_id))
                case Shutdown():
                    request.done()
                    self._context.ending = True
                case command:
                    request.refuse(f"the recorder does not understand {type(command).__name__}")
        except (RecordingError, OSError, ValueError) as error:
            self._context.log.warning("refused: %s", error)
            request.refuse(str(error))

    def _start(self, command: StartEpisode) -> str:
        if self._writer is not None:
            raise ValueError(f"episode {self._writer.path.name} is still being recorded; end it first")
        dataset = self._open_dataset()
        self._writer = dataset.create_episode(
            episode_spec(
                command, self._context.profile, self._context.config, simulation_state_size=self._state_size
            )
        )
        self._task = command.task
        self._unfit.clear()
        self._subtasks.clear()
        self._rows = self._frame_count = self._sound_blocks = self._dropped = 0
        self._discard_waiting()
        self._started_ns, self._ended_ns = time.monotonic_ns(), 0
        if self._troubled:
            self._troubled = False
            self._context.event("fault_cleared", "Episodes are recorded again", key="recorder")
        episode_id = self._writer.path.name
        self._context.event(
            "episode",
            f"Recording {episode_id}: {command.task}",
            key="episode",
            episode_id=episode_id,
            state="started",
        )
        return episode_id

    def _end(self, outcome: Outcome, *, meant: str) -> str:
        if self._writer is None:
            raise ValueError("no episode is being recorded; start one first")
        if meant not in ("", self._writer.path.name):
            raise ValueError(f"episode {meant} is over; {self._writer.path.name} runs now and was left alone")
        self._ended_ns = time.monotonic_ns()
        settled = self._ended_ns + int(SETTLE_S * 1e9)
        while (left_ns := settled - time.monotonic_ns()) > 0:
            time.sleep(left_ns / 1e9)
        self._drain()
        self._await_sound(self._ended_ns)
        return self._close(outcome)

    def _await_sound(self, until_ns: int) -> None:
        """Take in the sound until then; all else has come."""
        give_up_ns = until_ns + int(SOUND_SETTLE_S * 1e9)
        while self._writer is not None and self._sound.flows and self._sound.until_ns < until_ns:
            if time.monotonic_ns() > give_up_ns:
                return
            time.sleep(0.01)
            self._drain()

    def _discard(self, *, meant: str) -> str:
        episode_id = self._end(Outcome.UNSET, meant=meant)
        self._open_dataset().trash(episode_id)
        self._context.event(
            "episode", f"Discarded {episode_id}; restore it from the trash", key="episode", state="trashed"
        )
        return episode_id

    def _close(self, outcome: Outcome) -> str:
        writer = self._writer
        if writer is None:
            return ""
        self._writer = None
        started = time.monotonic_ns()
        try:
            writer.close(outcome=outcome)
        except (RecordingError, OSError) as error:
            self._say_trouble(f"{writer.path.name} could not be finished, mend it with repair: {error}")
            return writer.path.name
        self._context.event(
            "episode",
            f"Saved {writer.path.name}: {self._rows} rows, {self._frame_count} frames",
            key="episode",
            episode_id=writer.path.name,
            state="saved",
            outcome=str(outcome),
            rows=self._rows,
            frames=self._frame_count,
            sound_blocks=self._sound_blocks,
            dropped=self._dropped,
            close_s=(time.monotonic_ns() - started) / 1e9,
        )
        return writer.path.name

    def _open_dataset(self) -> Dataset:
        if self._dataset is None:
            self._dataset = Dataset.open(Path(self._context.config.data_dir), create=True)
        return self._dataset

    # -- streams -------------------------------------------------------------------------------------------------------

    def _drain(self) -> None:
        """Append everything that waits. A disk that is full or fails ends the episode with what it has."""
        try:
            self._drain_ticks()
            for name in self._frames:
                self._drain_frames(name)
            self._drain_simulation()
            self._drain_sound()
            self._drain_events()
        except (RecordingError, OSError) as error:
            self._say_trouble(f"Recording stopped: {error}")
            self._close(Outcome.UNSET)

    def _say_trouble(self, trouble: str) -> None:
        """A line that stands until an episode is begun."""
        self._troubled = True
        self._context.event("fault", trouble, key="recorder", level="error")

    def _wanted(self, time_ns: int) -> bool:
        return time_ns >= self._started_ns and (not self._ended_ns or time_ns <= self._ended_ns)

    def _drain_ticks(self) -> None:
        for sample in self._ticks.drain():
            row = sample.payload.view(self._tick_layout)[0]
            if self._writer is None or not self._wanted(int(row["action_time_ns"])):
                continue
            self._note_lost("ticks", sample)
            try:
                self._writer.append_tick(
                    time_ns=int(row["time_ns"]),
                    position=row["position"],
                    velocity=row["velocity"],
                    effort=row["effort"],
                    action_time_ns=int(row["action_time_ns"]),
                    requested=row["requested"],
                    sent=row["sent"],
                    source=int(row["source"]),
                    subtask=self._subtask_index(bytes(row["subtask"]), int(row["action_time_ns"])),
                    chunk=int(row["chunk"]),
                )
                self._rows += 1
            except UNFIT as error:
                self._leave_out("ticks", error)

    def _subtask_index(self, text: bytes, time_ns: int) -> int:
        """The running episode's number for a row's subtask, -1 for none; a new one is written down first."""
        if not text or self._writer is None:
            return -1
        index = self._subtasks.get(text)
        if index is None:
            index = self._writer.add_subtask(text.decode(errors="replace"), time_ns=time_ns)
            self._subtasks[text] = index
        return index

    def _drain_frames(self, name: str) -> None:
        for sample in self._frames[name].drain():
            if self._writer is None:
                continue
            time_ns, _, height, width, encoding, _ = FRAME_STRUCT.unpack_from(sample.payload.data)
            if not self._wanted(time_ns):
                continue
            self._note_lost(name, sample)
            body = sample.payload[FRAME_STRUCT.size :]
            if encoding == JPEG:
                jpeg = body.tobytes()  # the camera's own bytes
            else:
                jpeg = encode_jpeg(body.reshape(height, width, 3), self._qualities[name])
            try:
                self._writer.append_frame(name, time_ns, jpeg)
                self._frame_count += 1
            except UNFIT as error:
                self._leave_out(name, error)

    def _drain_simulation(self) -> None:
        if self._simulation is None:
            return
        for sample in self._simulation.drain():
            time_ns = int(sample.payload[:8].view(np.int64)[0])
            state = sample.payload[8:].view(np.float64)
            if self._writer is None:
                self._state_size = len(state)
            elif self._wanted(time_ns) and len(state) == self._state_size:
                self._writer.append_simulation(time_ns, state)

    def _drain_sound(self) -> None:
        for sound in self._sound.drain():
            if self._writer is None or not self._wanted(sound.time_ns):
                continue
            self._note_lost("sound", sound.sample)
            try:
                self._writer.append_audio(sound.time_ns, sound.samples)
                self._sound_blocks += 1
            except UNFIT as error:
                self._leave_out("sound", error)

    def _drain_events(self) -> None:
        for sample in self._events.drain():
            if self._writer is None:
                continue
            event = _decode_event(sample.payload.tobytes())
            if self._wanted(event.time_ns):
                self._writer.append_event(
                    RecordedEvent(
                        time_ns=event.time_ns,
                        kind=event.kind,
                        source=event.source,
                        message=event.message,
                        data=event.data,
                    )
                )

    def _discard_waiting(self) -> None:
        """Let go of what was captured before the episode."""
        writer, self._writer = self._writer, None
        self._drain()
        self._writer = writer

    def _leave_out(self, stream: str, error: RecordingError) -> None:
        """Do without one item that does not fit into the episode, and tell of each stream's first one."""
        self._dropped += 1
        if stream in self._unfit:
            return
        self._unfit.add(stream)
        message = f"One of {stream} was left out: {error}"
        self._context.event("drop", message, key=f"drop:{stream}", level="warning", stream=stream, lost=1)

    def _note_lost(self, stream: str, sample: Sample) -> None:
        if sample.lost:
            self._dropped += sample.lost
            self._context.event(
                "drop",
                f"{sample.lost} of {stream} did not reach the recording",
                key=f"drop:{stream}",
                level="warning",
                stream=stream,
                lost=sample.lost,
            )

    def _detail(self) -> dict[str, object]:
        writer = self._writer
        return {
            "episode_id": writer.path.name if writer is not None else "",
            "task": self._task,
            "started_ns": self._started_ns,
            "rows": self._rows,
            "frames": self._frame_count,
            "sound_blocks": self._sound_blocks,
            "dropped": self._dropped,
            "bytes_written": writer.bytes_written if writer is not None else 0,
            "cpu_s": time.process_time(),
        }


def main(argv: list[str]) -> None:
    """Run the recorder process of the session in the directory `argv[-1]`."""
    context = ProcessContext("recorder", argv, heartbeat_s=0.45)
    try:
        RecorderProcess(context).run()
    finally:
        context.close()


if __name__ == "__main__":
    main(sys.argv)
