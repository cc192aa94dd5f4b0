"""Fetches a published model: seen while it happens, resumed after a break, and never half a file under its name."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.speech.whisper.catalogue import Published

_PIECE_BYTES = 1 << 18
_PATIENCE_S = 20.0
"""How long nothing may come."""
_TRIES = 3
_PARTIAL_CONTENT, _NOT_SATISFIABLE = 206, 416


class DownloadFailed(RuntimeError):
    """A model could not be fetched; the message says which, from where, why, and what to do."""


class DownloadCancelled(RuntimeError):
    """Whoever asked for a download called it off. What has come is kept, and the next download goes on from it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is.

    Attributes:
        name: of the model.
        folder: where it goes.
        done_bytes: on disk, with those of an earlier try.
        total_bytes: of the whole; None while the server has not said.
    """

    name: str
    folder: Path
    done_bytes: int
    total_bytes: int | None


Report = Callable[[Progress], None]


def found(model: Published, folder: Path) -> Path | None:
    """The file of a model that was downloaded before, whole; None when it is not there, or not what was published."""
    path = folder / model.file_name
    return path if path.is_file() and _sha256(path) == model.sha256 else None


def download(
    model: Published,
    folder: Path,
    *,
    progress: Report,
    cancelled: Callable[[], bool] = lambda: False,
) -> Path:
    """Fetch a model, or what is still missing of it, and return its file.

    Args:
        model: which.
        folder: where to; made when it is not there.
        progress: called for every quarter of a megabyte, from the thread that downloads.
        cancelled: asked as often; once it says yes, `DownloadCancelled` is raised.

    Raises:
        DownloadFailed: no network, no room, or the file that came is not the one that was published.
        DownloadCancelled: called off.
    """
    path = folder / model.file_name
    partial = path.with_name(f"{path.name}.partial")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _fetch(model, partial, progress=progress, cancelled=cancelled)
    except OSError as error:
        # urllib's own errors, time-outs and a full disk are all of this kind.
        raise DownloadFailed(
            f"cannot download the speech model {model.name} (about {model.about_mb} MB) from {model.address}"
            f" to {folder}: {_reason(error)}; check the network and the room on the disk and try again, which goes on"
            f" from where it broke off, or copy the file there as {model.file_name}"
        ) from error
    if _sha256(partial) != model.sha256:
        partial.unlink()
        raise DownloadFailed(
            f"the speech model {model.name} came from {model.address} with a wrong checksum and was deleted; try again,"
            " and should it happen again, something between here and there changes files"
        )
    partial.replace(path)
    return path


def _fetch(model: Published, partial: Path, *, progress: Report, cancelled: Callable[[], bool]) -> None:
    """Until the partial file is whole: a connection that breaks off is made again, as long as each brings something."""
    tries = 0
    while True:
        before = _size(partial)
        try:
            if _fetch_on(model, partial, progress=progress, cancelled=cancelled):
                return
        except (http.client.HTTPException, TimeoutError, ConnectionError):
            pass
        tries = 0 if _size(partial) > before else tries + 1
        if tries >= _TRIES:
            raise ConnectionError(f"the connection broke off at byte {_size(partial)}, {_TRIES} times")


def _fetch_on(model: Published, partial: Path, *, progress: Report, cancelled: Callable[[], bool]) -> bool:
    """One connection; whether the file is whole at its end."""
    done = _size(partial)
    request = urllib.request.Request(model.address, headers={"Range": f"bytes={done}-"} if done else {})
    try:
        answer: Any = urllib.request.urlopen(request, timeout=_PATIENCE_S)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == _NOT_SATISFIABLE:
                # Everything is here already, or more than there is: the checksum will tell.
                return True
            raise
    with answer, partial.open("ab" if answer.status == _PARTIAL_CONTENT else "wb") as file:
        if answer.status != _PARTIAL_CONTENT:
            done = 0
        length = answer.headers.get("Content-Length")
        total = done + int(length) if length is not None else None
        while True:
            progress(Progress(model.name, partial.parent, done, total))
            if cancelled():
                raise DownloadCancelled(f"the download of the speech model {model.name} was called off")
            piece = answer.read(_PIECE_BYTES)
            if not piece:
                return total is None or done >= total
            file.write(piece)
            done += len(piece)


def _reason(error: OSError) -> str:
    return str(getattr(error, "reason", "") or error.strerror or error)


def _size(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
