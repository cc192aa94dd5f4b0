"""Proving that an episode is what it says: a list of findings, each with what to do about it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.errors import ZarrUserWarning

from recordings import layout
from recordings.checks import check_sound, check_times, first_where
from recordings.episode import Episode
from recordings.errors import DamagedData, NotAnEpisode
from recordings.findings import RUN_REPAIR, Finding, VerifyReport, error, info, warning
from recordings.journal import is_locked, journal_path
from recordings.layout import Table
from recordings.prefix import run_payloads, sound_rows
from recordings.spec import ActionSource
from recordings.verify_cameras import check_camera

_LIMIT_TOLERANCE = 1e-4  # a limit kept in float64 may be passed by a float32's rounding


def verify_episode(path: Path | str, *, progress: Callable[[float], None] | None = None) -> VerifyReport:
    """Check an episode in full: every length, row, frame, index and time. Nothing is changed.

    Decoding every frame is what takes long: about 0.5 ms for 640x480.

    Args:
        path: The episode's folder.
        progress: Told the share of frames done, in [0, 1].
    """
    folder = Path(path)
    try:
        episode = Episode(folder)
    except (NotAnEpisode, OSError) as reason:
        return VerifyReport(folder, (error("cannot be read", "attributes", str(reason)),))
    findings = [*_completeness(episode), *_lengths(episode)]
    try:
        for table in _row_tables(episode):
            findings += _table(episode, table)
        findings += _ticks(episode)
        findings += _texts(episode)
        for index, camera in enumerate(episode.attributes.cameras):
            findings += check_camera(episode, camera, _part(progress, index, len(episode.attributes.cameras)))
    except (DamagedData, OSError) as reason:  # the system's own words for a disk that cannot be read
        findings.append(error("cannot be read in full", "episode", str(reason)))
    return VerifyReport(folder, tuple(findings))


def _completeness(episode: Episode) -> Iterator[Finding]:
    attributes = episode.attributes
    if not attributes.complete and is_locked(episode.path):
        yield error("is being recorded", "episode", "not closed yet", "stop the recording first")
    elif not attributes.complete:
        yield error("was never closed", "episode", "complete is false")
    elif journal_path(episode.path).exists():
        yield info("not yet settled", "journal", "closed, but its sync to the disk was not finished")
    for reason in episode.damage.reasons if episode.damage is not None else ():
        yield error("was cut off", "episode", reason)
    if (repaired := attributes.repaired) is not None:
        yield info(
            "was repaired", "episode", f"{'; '.join(repaired.damage)} ({repaired.cut_seconds:.3f} s cut)"
        )


def _lengths(episode: Episode) -> Iterator[Finding]:
    """Equal lengths in every group, as plain zarr sees them, and as the attributes count them."""
    if not episode.attributes.complete:
        return
    try:
        with warnings.catch_warnings(record=True) as odd:
            warnings.simplefilter("always", ZarrUserWarning)
            group = zarr.open_group(episode.path, mode="r")
            nodes = dict(group.members(max_depth=None))
    except (OSError, ValueError, KeyError, TypeError) as reason:
        yield error("plain zarr cannot open it", "episode", f"{type(reason).__name__}: {reason}")
        return
    for message in odd:
        yield warning("plain zarr complains", "episode", str(message.message))
    lengths = {name: node.shape[0] for name, node in nodes.items() if isinstance(node, zarr.Array)}
    for table in _tables(episode):
        if table.made_with_first_row and table.path not in nodes:
            continue
        names = [f"{table.path}/{column}" for column in table.columns]
        if table.path.startswith("cameras/"):
            names.append(f"{table.path}/frames")
        found = {name: lengths.get(name) for name in names}
        if len(set(found.values())) != 1 or None in found.values():
            yield error(
                "lengths differ", table.path, ", ".join(f"{n}: {length}" for n, length in found.items())
            )
    if lengths.get("state/time_ns") != lengths.get("action/time_ns"):
        seen = f"{lengths.get('state/time_ns')} state rows, {lengths.get('action/time_ns')} action rows"
        yield error("state and action differ in length", "state, action", seen)
    counted = episode.attributes.counts
    expected = {
        "state/time_ns": counted.ticks,
        "events/time_ns": counted.events,
        "subtasks/time_ns": counted.subtasks,
    }
    if episode.attributes.simulation_state_size is not None:
        expected["simulation/time_ns"] = counted.simulation
    if counted.audio_blocks:
        expected["audio/time_ns"] = counted.audio_blocks
    expected |= {f"cameras/{name}/time_ns": frames for name, frames in counted.frames.items()}
    for name, count in expected.items():
        if lengths.get(name) != count:
            yield error("counts differ", name, f"{lengths.get(name)} rows, the attributes say {count}")


def _table(episode: Episode, table: Table) -> Iterator[Finding]:
    """Checksums and times of one table, and how much of it is a gap."""
    rows = episode.rows(table.path)
    if not len(rows):
        return
    values = episode.values(table.path)
    unsound = [not sound for sound in sound_rows(table, rows, run_payloads(table, rows, values))]
    if any(unsound):
        seen = f"{sum(unsound)} of {len(rows)} rows, the first is {unsound.index(True)}"
        yield error("rows do not match their checksums", table.path, seen)
    if table.payload is not None:
        needed = int(rows[table.payload.count_column].astype(np.int64).sum()) * table.payload.dtype.itemsize
        if needed != len(values):
            where = f"{table.path}/{table.payload.array}"
            yield error("length differs from its rows", where, f"{len(values)} bytes, rows say {needed}")
    if table.path in ("state", "action"):
        yield from check_times(table.path, rows["time_ns"], episode.attributes.control_rate_hz)
    elif table.path in ("simulation", "audio"):
        yield from check_times(table.path, rows["time_ns"], None)
    if table.path == "audio":
        counts = rows["nsamples"].astype(np.int64)
        yield from check_sound("audio", rows["time_ns"], counts, layout.AUDIO_RATE_HZ)


def _ticks(episode: Episode) -> Iterator[Finding]:
    """Finite, within limits, and referring to what exists."""
    state, action = episode.rows("state"), episode.rows("action")
    silent = np.isnan(state["position"]) | np.isnan(state["velocity"])
    if silent.any():
        seen = f"{int(silent.any(axis=1).sum())} of {len(silent)} rows have a number that its device did not give"
        yield warning("gaps in state", "state", seen, "see the episode's events for the device")
    yield from _sent(episode, action["sent"])
    subtask, subtasks = action["subtask"], len(episode.rows("subtasks"))
    if (row := first_where(~np.isin(subtask, np.arange(-1, subtasks)))) is not None:
        yield error(
            "no such subtask", "action/subtask", f"row {row} refers to {subtask[row]}, there are {subtasks}"
        )
    source = action["source"]
    if (row := first_where(~np.isin(source, [known.value for known in ActionSource]))) is not None:
        yield error("no such source", "action/source", f"row {row} has {source[row]}", "use ActionSource")
    if len(state) and len(state) == len(action):
        delay_ms = (action["time_ns"] - state["time_ns"]) / 1e6
        yield info(
            "delay from state to action", "action", f"median {np.median(delay_ms):.2f} ms, {_range(delay_ms)}"
        )


def _sent(episode: Episode, sent: NDArray[np.float32]) -> Iterator[Finding]:
    """What went to the devices, (T, D): finite, and within the limits that were in force."""
    if (row := first_where(np.logical_or.reduce(~np.isfinite(sent), axis=1))) is not None:
        yield error("not finite", "action/sent", f"row {row}: {sent[row]}", "do not train on this episode")
    for index, (low, high) in enumerate(episode.attributes.vector_limits or ()):
        outside = np.zeros(len(sent), dtype=bool)
        if low is not None:
            outside |= sent[:, index] < low - _LIMIT_TOLERANCE
        if high is not None:
            outside |= sent[:, index] > high + _LIMIT_TOLERANCE
        if (row := first_where(outside)) is not None:
            name = episode.attributes.vector_names[index]
            seen = (
                f"{int(outside.sum())} rows outside [{low}, {high}], "
                f"the first is {row} with {sent[row, index]:.4f}"
            )
            yield error("outside its limits", f"action/sent {name}", seen, "check the profile's limits")


def _texts(episode: Episode) -> Iterator[Finding]:
    for name, read in (("events", lambda: episode.events), ("subtasks", lambda: episode.subtasks)):
        try:
            read()
        except DamagedData:
            continue  # its rows do not match their checksums, and that is told
        except (msgspec.DecodeError, KeyError) as reason:
            yield error("is no valid JSON", f"{name}/json", str(reason), RUN_REPAIR)


def _tables(episode: Episode) -> list[Table]:
    return [table for tables in layout.tables(episode.attributes).values() for table in tables]


def _row_tables(episode: Episode) -> list[Table]:
    return [table for table in _tables(episode) if not table.path.startswith("cameras/")]


def _range(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
    return f"{values.min():.2f} to {values.max():.2f} ms"


def _part(progress: Callable[[float], None] | None, index: int, count: int) -> Callable[[float], None]:
    """Progress of one camera of several."""

    def report(share: float) -> None:
        if progress is not None:
            progress((index + share) / count)

    return report
