"""Loads a recogniser by name or path. `load("kitchen")` is the one that ships with the project."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from whisper.model import ModelDimensions, Whisper
from whisper.tokenizer import Tokenizer, get_tokenizer

from app.speech.whisper.catalogue import FOR_PEOPLE, PUBLISHED, SHIPPED, SHIPPED_PATH, download_folder, names
from app.speech.whisper.download import Report, download, found
from app.speech.whisper.mel import SAMPLES_PER_POSITION

_POSITIONS_STEP = 64
LANGUAGE = "en"
BASE_EN = ModelDimensions(
    n_mels=80,
    n_audio_ctx=1500,
    n_audio_state=512,
    n_audio_head=8,
    n_audio_layer=6,
    n_vocab=51864,
    n_text_ctx=448,
    n_text_state=512,
    n_text_head=8,
    n_text_layer=6,
)
"""Of `base.en`. Its weights are not needed to tell what it costs."""
_NO_CHECKPOINT = (
    KeyError, TypeError, RuntimeError, ValueError, EOFError, OSError, pickle.UnpicklingError, zipfile.BadZipFile,
)  # fmt: skip
"""What torch raises for files of other kinds, and for half of one (an `OSError`: it seeks before the beginning)."""


class ModelMissing(RuntimeError):
    """There is no such recogniser here; the message says which, where it was looked for, and what to do."""


class ModelUnreadable(RuntimeError):
    """A file is no checkpoint in Whisper's format; the message says which file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """A Whisper that is ready to listen.

    Attributes:
        name: as it was asked for.
        whisper: the network, for reading only.
        tokenizer: for English, without time stamps.
    """

    name: str
    whisper: Whisper
    tokenizer: Tokenizer

    @property
    def most_samples(self) -> int:
        """The longest utterance that it hears the whole of, at 16 kHz."""
        return int(self.whisper.dims.n_audio_ctx) * SAMPLES_PER_POSITION

    def positions_for(self, samples: int) -> int:
        """How much of the encoder's context an utterance is given: a few sizes only, so that each is met often.

        Never less than a third of the whole: a model that was only ever shown 30 s does worse the less it is given.
        """
        most = int(self.whisper.dims.n_audio_ctx)
        wanted = max(-(-samples // SAMPLES_PER_POSITION), most // 3)
        return min(most, -(-wanted // _POSITIONS_STEP) * _POSITIONS_STEP)


def load(
    name_or_path: str | Path,
    *,
    progress: Report | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    folder: Path | None = None,
) -> SpeechModel:
    """A recogniser, by one of `catalogue.names()` or the path of a checkpoint in Whisper's format.

    Args:
        name_or_path: which.
        progress: told how a download goes. Nothing is downloaded without it: it is what keeps a download from being
            silent.
        cancelled: whether a download is to be broken off.
        folder: where downloaded models are; stock Whisper's own when None.

    Raises:
        ModelMissing: it is neither a name nor a file, or is not here and may not be downloaded.
        ModelUnreadable: the file is no checkpoint of Whisper's.
        DownloadFailed: it could not be fetched.
        DownloadCancelled: the download was called off.
    """
    name = str(name_or_path)
    path = _path_of(name, progress=progress, cancelled=cancelled, folder=folder or download_folder())
    return _ready(name, _read(path))


def untrained(dimensions: ModelDimensions, *, seed: int = 0) -> SpeechModel:
    """A model of some dimensions with random weights: for measuring what one of them costs, and for tests."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Whisper(dimensions)
        torch.nn.init.normal_(network.decoder.positional_embedding, std=0.02)
    return _ready("untrained", network)


def _ready(name: str, network: Whisper) -> SpeechModel:
    network = network.float().eval().requires_grad_(False)
    tokenizer = tokenizer_for(multilingual=network.is_multilingual, languages=network.num_languages)
    return SpeechModel(name, network, tokenizer)


def tokenizer_for(*, multilingual: bool = False, languages: int = 99) -> Tokenizer:
    """Whisper's tokens, set to English."""
    with warnings.catch_warnings():
        # Whisper (20250625) leaves it to chance when the file of its tokens is closed.
        warnings.simplefilter("ignore", ResourceWarning)
        return get_tokenizer(multilingual, num_languages=languages, language=LANGUAGE, task="transcribe")


def _path_of(name: str, *, progress: Report | None, cancelled: Callable[[], bool], folder: Path) -> Path:
    if name == SHIPPED:
        if not SHIPPED_PATH.is_file():
            raise ModelMissing(
                f"the recogniser {SHIPPED} that ships with the project is not at {SHIPPED_PATH}; get it back with"
                f" `git checkout -- {SHIPPED_PATH.name}` there, or train it with `python -m app.speech.whisper.train`"
            )
        return SHIPPED_PATH
    published = PUBLISHED.get(name)
    if published is None:
        path = Path(name).expanduser()
        if path.is_file():
            return path
        raise ModelMissing(
            f"no speech model called {name}, and no file either; give the path of a checkpoint in Whisper's format, or"
            f" one of {', '.join(names())}; {SHIPPED} is always there, {FOR_PEOPLE} is the usual one for people"
        )
    there = found(published, folder)
    if there is not None:
        return there
    if progress is None:
        raise ModelMissing(
            f"the speech model {name} is not in {folder} yet; download it (about {published.about_mb} MB, once), copy"
            f" its file there as {published.file_name}, or use {SHIPPED}, which needs no download"
        )
    return download(published, folder, progress=progress, cancelled=cancelled)


def _read(path: Path) -> Whisper:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise ModelUnreadable(f"cannot read the speech model {path}: {error.strerror or error}") from error
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        network = Whisper(ModelDimensions(**checkpoint["dims"]))
        network.load_state_dict(checkpoint["model_state_dict"])
    except _NO_CHECKPOINT as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ModelUnreadable(
            f"{path} is no checkpoint in Whisper's format (`dims` and `model_state_dict`): {reason};"
            " choose another file, or download or train it again"
        ) from error
    return network
