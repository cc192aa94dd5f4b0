"""Writing the frames of one camera."""

from __future__ import annotations

import struct
from pathlib import Path

from recordings import layout, metadata
from recordings.durability import Durability
from recordings.errors import WrongShape
from recordings.frames import jpeg_size, size_header
from recordings.journal import JournalWriter
from recordings.shard import FrameShards
from recordings.spec import CameraSpec, EpisodeSpec, FrameEncoding
from recordings.table_writer import TableWriter

_TIME_AND_SIZE = struct.Struct("<qI")


class CameraWriter:
    """Appends one camera's frames to its shards and their rows to the journal."""

    def __init__(
        self, episode: Path, camera: CameraSpec, spec: EpisodeSpec, kind: int, durability: Durability
    ) -> None:
        self._episode = episode
        self._camera = camera
        self._spec = spec
        self._kind = kind
        self._size = (camera.height_px, camera.width_px)
        self._header_at = 0
        self._size_header: bytes | None = None
        self._is_jpeg = spec.frame_encoding is FrameEncoding.JPEG
        self.rows = TableWriter(episode, layout.camera_table(camera.name))
        folder = episode / self.rows.table.path / "frames"
        self._shards = FrameShards(folder, on_open=durability.opened, on_finish=durability.finished)

    def check_size(self, encoded: bytes) -> None:
        """Raise `WrongShape` for a JPEG that is not of the camera's size."""
        # One encoder writes the same header at the same place each time, so a comparison does for all but the first.
        header = self._size_header
        if header is not None and encoded[self._header_at : self._header_at + len(header)] == header:
            return
        if not encoded:  # a size of 0 is how a row says that its frame was lost
            raise WrongShape(f"camera {self._camera.name}: a frame has at least one byte; this one is empty")
        if not self._is_jpeg:  # JPEG XL packs its size bit by bit; verify decodes and compares
            return
        if (size := jpeg_size(encoded)) != self._size:
            raise WrongShape(
                f"camera {self._camera.name}: the JPEG is {size[0]}x{size[1]} (height x width), "
                f"the episode was created with {self._size[0]}x{self._size[1]}"
            )
        self._header_at, self._size_header = size_header(encoded)

    def append(self, time_ns: int, encoded: bytes, journal: JournalWriter) -> None:
        """Append a frame and its row, both or neither; raises as `EpisodeWriter.append_frame` does."""
        rows = self.rows
        rows.admit(time_ns)
        row = rows.seal(_TIME_AND_SIZE.pack(time_ns, len(encoded)), encoded)
        self._shards.append(encoded)
        try:
            journal.append(self._kind, rows.count, row)
        except BaseException:
            self._shards.take_back()
            raise
        rows.add(time_ns, row)

    def finish(self) -> None:
        """Write the last index, the last rows and the lengths."""
        self._shards.finish()
        self.rows.finish()
        metadata.write_frames(self._episode, self._camera, self._spec, frames=self.rows.count, missing=[])
