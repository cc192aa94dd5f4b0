"""Reading a profile: a TOML file in, one frozen `RobotProfile` out, or an error that lists all that is wrong."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from drivers.profile.consistency import inconsistencies
from drivers.profile.lines import key_lines, line_of
from drivers.profile.mistakes import Mistake, ProfileError, did_you_mean, listed
from drivers.profile.schema import RobotProfile
from drivers.profile.structure import structural_mistakes

SHIPPED = Path(__file__).resolve().parent.parent / "profiles"


def profile_names() -> tuple[str, ...]:
    """Names of the profiles that come with the package."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def load_profile(name_or_path: str | Path) -> RobotProfile:
    """Read a profile that comes with the package, by name, or any other by its path.

    A plain word (`sim-kitchen`) is a shipped profile; anything with a slash or ending in `.toml` is a path.

    Raises:
        ProfileError: when there is no such profile, or it cannot be read or used; it lists every mistake found, each
            with its line, key, the value seen and what is allowed.
    """
    path = profile_path(name_or_path)
    return parse_profile(_contents(path), path)


def parse_profile(data: bytes, path: Path) -> RobotProfile:
    """A profile from the text of its file, which need not be on disk yet.

    Args:
        data: the whole file.
        path: how it is called in errors.

    Raises:
        ProfileError: when it cannot be used, as `load_profile`.
    """
    raw, lines = _parsed(data, path)
    if mistakes := _own_keys(raw) + structural_mistakes(raw, RobotProfile):
        raise ProfileError(str(path), _placed(mistakes, lines))
    try:
        profile = msgspec.convert(raw, RobotProfile)
    except (
        msgspec.ValidationError
    ) as error:  # a rule that msgspec knows and the walk over its schema does not
        raise ProfileError(str(path), [Mistake("", str(error))]) from error
    if mistakes := list(inconsistencies(profile)):
        raise ProfileError(str(path), _placed(mistakes, lines))
    return msgspec.structs.replace(profile, sha256=hashlib.sha256(data).hexdigest())


def true_profile(profile: RobotProfile) -> RobotProfile:
    """The profile whose numbers are true at the far end of a simulated robot's lines: see `Simulation.robot`.

    Raises:
        ProfileError: when the profile that it names cannot be used.
    """
    if profile.simulation is None or not profile.simulation.robot:
        return profile
    return load_profile(profile.simulation.robot)


def profile_path(name_or_path: str | Path) -> Path:
    """The file of a profile that comes with the package, by name, or of any other by its path.

    Raises:
        ProfileError: when there is none; it tells what there is.
    """
    text = str(name_or_path)
    is_path = isinstance(name_or_path, Path) or "/" in text or text.endswith(".toml")
    path = Path(text).expanduser() if is_path else SHIPPED / f"{text}.toml"
    if path.exists():
        return path
    names = profile_names()
    where = "no such file" if is_path else "no profile of that name"
    hint = did_you_mean(path.stem, names)
    raise ProfileError(
        text,
        [
            Mistake(
                "",
                f"{where}{hint}; the profiles that come with it: {listed(names)}; or give the path of a file",
            )
        ],
    )


def _contents(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ProfileError(str(path), [Mistake("", f"cannot be read: {error.strerror or error}")]) from error


def _parsed(data: bytes, path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ProfileError(str(path), [Mistake("", "not UTF-8 text, as TOML has to be", line)]) from error
    text = text.replace("\r\n", "\n")
    try:
        return tomllib.loads(text), key_lines(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"^(.*?) \(at line (\d+), column (\d+)\)$", str(error), re.DOTALL)
        if found is None:
            mistake = Mistake("", f"not TOML: {error}")
        else:
            mistake = Mistake("", f"not TOML: {found[1]} at column {found[3]}", int(found[2]))
        raise ProfileError(str(path), [mistake]) from error


def _own_keys(raw: dict[str, Any]) -> list[Mistake]:
    """The file's hash is worked out, so a file that states one would be lying sooner or later; take it out."""
    return [Mistake("sha256", "is worked out from the file; leave it out")] if raw.pop("sha256", None) else []


def _placed(mistakes: Iterable[Mistake], lines: dict[str, int]) -> list[Mistake]:
    """The mistakes with their lines, in the order of the file; those without a line come last."""
    placed = [dataclasses.replace(mistake, line=line_of(mistake.key, lines)) for mistake in mistakes]
    return sorted(
        placed, key=lambda mistake: mistake.line if mistake.line is not None else len(lines) + 10**9
    )
