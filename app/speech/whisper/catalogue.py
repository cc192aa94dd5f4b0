"""Recognisers by name: the one that ships with the project, and those that OpenAI publishes. Needs no torch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

SHIPPED = "kitchen"
"""The recogniser beside this file. It knows the kitchen's commands and machine-made voices, no people."""
FOR_PEOPLE = "base.en"
"""What to begin with for people: a second or less for a command on a laptop."""

SHIPPED_PATH = Path(__file__).with_name("kitchen.pt")


@dataclass(frozen=True, slots=True)
class Published:
    """A model that can be downloaded.

    Attributes:
        name: as Whisper calls it.
        address: from where.
        sha256: of the file.
        about_mb: how large it is, roughly, to say so before it is downloaded.
    """

    name: str
    address: str
    sha256: str
    about_mb: int

    @property
    def file_name(self) -> str:
        """As stock Whisper names it, so that either finds what the other downloaded."""
        return self.address.rsplit("/", 1)[-1]


def _published(name: str, sha256: str, about_mb: int, *, file_name: str = "") -> Published:
    folder = f"https://openaipublic.azureedge.net/main/whisper/models/{sha256}"
    return Published(name, f"{folder}/{file_name or name}.pt", sha256, about_mb)


_TINY_EN = "d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03"
_TINY = "65147644a518d12f04e32d6f3b26facc3f8dd46e5390956a9424a650c0ce22b9"
_BASE_EN = "25a8566e1d0c1e2231d1c762132cd20e0f96a85d16145c3a00adf5d1ac670ead"
_BASE = "ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e"
_SMALL_EN = "f953ad0fd29cacd07d5a9eda5624af0f6bcf2258be67c92b79389873d91e0872"
_SMALL = "9ecf779972d90ba49c06d968637d720dd632c55bbf19d441fb42bf17a411e794"
_MEDIUM_EN = "d7440d1dc186f76616474e0ff0b3b6b879abc9d1a4926b7adfa41db2d497ab4f"
_MEDIUM = "345ae4da62f9b3d59415adc60127b97c714f32e89e936602e85993674d08dcb1"
_LARGE_V1 = "e4b87e7e0bf463eb8e6956e646f1e277e901512310def2c24bf0e11bd3c28e9a"
_LARGE_V2 = "81f7c96c852ee8fc832187b0132e569d6c3065a3252ed18e56effd0b6a73e524"
_LARGE_V3 = "e5b1a55b89c1367dacf97e3e19bfd829a01529dbfdeefa8caeb59b3f1b81dadb"
_TURBO = "aff26ae408abcba5fbf8813c21e62b0941638c5f6eebfb145be0c9839262a19a"

PUBLISHED: Mapping[str, Published] = MappingProxyType(
    {
        model.name: model
        for model in (
            _published("tiny.en", _TINY_EN, 76),
            _published("base.en", _BASE_EN, 145),
            _published("small.en", _SMALL_EN, 484),
            _published("medium.en", _MEDIUM_EN, 1528),
            _published("tiny", _TINY, 76),
            _published("base", _BASE, 145),
            _published("small", _SMALL, 484),
            _published("medium", _MEDIUM, 1528),
            _published("large-v1", _LARGE_V1, 3087),
            _published("large-v2", _LARGE_V2, 3087),
            _published("large-v3", _LARGE_V3, 3087),
            _published("large", _LARGE_V3, 3087, file_name="large-v3"),
            _published("large-v3-turbo", _TURBO, 1618),
            _published("turbo", _TURBO, 1618, file_name="large-v3-turbo"),
        )
    }
)
"""As `whisper.available_models()` lists them: a test holds the two equal."""


def names() -> tuple[str, ...]:
    """Every name that `app.speech.whisper.model.load` takes, the shipped one first; a path is taken besides."""
    return (SHIPPED, *PUBLISHED)


def download_folder() -> Path:
    """Where models are downloaded to, and looked for: stock Whisper's own folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "whisper"
