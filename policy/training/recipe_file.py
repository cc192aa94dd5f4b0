"""Reading a recipe's file, and saying what is wrong with one."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from policy.presets import HIGH_LEVEL_CAMERAS, PRESETS
from policy.training.recipe import Data, Images, Model, Recipe, Robot, Stage, Where
from policy.training.samples import Source
from policy.transforms.embodiments.understudy import CAMERA_SLOTS

_TABLES: Mapping[str, type[msgspec.Struct]] = {"model": Model, "robot": Robot, "images": Images}
_LISTS: Mapping[str, type[msgspec.Struct]] = {"data": Data, "stage": Stage}
_PLACE = re.compile(r" - at `\$(.*)`$")
_T = TypeVar("_T")


class RecipeError(ValueError):
    """A recipe that cannot be followed; the message names the file, the key, the value and the remedy."""


def load_recipe(path: Path) -> Recipe:
    """Read a recipe; paths in it are taken from its own folder, `~` is the home.

    Raises:
        RecipeError: It cannot be read, or something in it is missing, unknown or wrong.
    """
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"cannot read the recipe {path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path} is no TOML: {error}") from error
    try:
        recipe = parse_recipe(plain, folder=path.parent.absolute())
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from error
    return recipe


def parse_recipe(plain: Mapping[str, Any], *, folder: Path) -> Recipe:
    """A recipe from plain values.

    Args:
        plain: As TOML gives them.
        folder: That its paths are relative to.

    Raises:
        RecipeError: Something is missing, unknown or wrong; the message names key, value and remedy.
    """
    _refuse_unknown(plain, Recipe, key="")
    whole = dict(plain)
    for name, table in _TABLES.items():
        if name in plain:
            whole[name] = _converted(plain[name], table, key=name, folder=folder)
    for name, table in _LISTS.items():
        entries = plain.get(name, [])
        if not isinstance(entries, list):
            raise RecipeError(f"{name} is a list of tables: begin each with [[{name}]], not [{name}]")
        whole[name] = [
            _converted(entry, table, key=f"{name}[{at}]", folder=folder) for at, entry in enumerate(entries)
        ]
    # Structs go through as they are; what is converted here are the keys beside the tables.
    recipe = _converted(whole, Recipe, key="", folder=folder)
    _check(recipe)
    return recipe


def _converted(plain: object, table: type[_T], *, key: str, folder: Path) -> _T:
    def path_of(wanted: type, value: object) -> object:
        if wanted is Path and isinstance(value, str):
            return folder / Path(value).expanduser()
        raise ValueError(f"expected a path as text, got {type(value).__name__}")

    if isinstance(plain, dict) and issubclass(table, msgspec.Struct):
        _refuse_unknown(plain, table, key=key)
        if isinstance(plain.get("where"), dict):
            _refuse_unknown(plain["where"], Where, key=f"{key}.where")
    try:
        return msgspec.convert(plain, table, dec_hook=path_of)
    except msgspec.ValidationError as error:
        raise RecipeError(_explained(str(error), plain, key)) from error


def _refuse_unknown(plain: Mapping[str, Any], table: type[msgspec.Struct], *, key: str) -> None:
    known = [item.encode_name for item in msgspec.structs.fields(table)]
    for name in plain:
        if name not in known:
            raise RecipeError(
                f"{_joined(key, name)} is unknown{did_you_mean(name, known)}; there are {', '.join(known)}"
            )


def _explained(message: str, plain: object, key: str) -> str:
    """The message of msgspec with the whole key, and the value seen."""
    place = _PLACE.search(message)
    inner = place[1].lstrip(".") if place is not None else ""
    words = _PLACE.sub("", message).replace("Object missing", "it misses")
    where = _joined(key, inner)
    value = plain
    for name in filter(None, inner.split(".")):
        value = value.get(name) if isinstance(value, dict) else None
    said = f" is {value!r}" if isinstance(value, str | int | float) else ""
    return f"{where}{said}: {words}" if where else words


def _check(recipe: Recipe) -> None:
    """What one table alone cannot tell.

    Raises:
        RecipeError: A name that nothing has, or a stage without data.
    """
    preset = recipe.model.preset
    if preset is not None:
        _check_name(preset, PRESETS, key="model.preset")
    for field in ("cameras_low", "cameras_high"):
        cameras = getattr(recipe.robot, field)
        for camera in cameras:
            _check_name(camera, HIGH_LEVEL_CAMERAS, key=f"robot.{field}")
        if len(set(cameras)) < len(cameras):
            raise RecipeError(f"robot.{field} names a camera twice: {list(cameras)}")
    for camera in recipe.robot.crops:
        _check_name(camera, CAMERA_SLOTS, key="robot.crops")
    for at, data in enumerate(recipe.data):
        if (data.source is Source.WD) != (data.dataset is None):
            raise RecipeError(
                f"data[{at}].source is {data.source}: pictures (`coco`, `captions`, `vqa`) are WD,"
                " recordings are any other"
            )
    there = {data.source for data in recipe.data}
    for at, stage in enumerate(recipe.stages):
        if missing := [source for source in stage.sources if source not in there]:
            raise RecipeError(
                f"stage[{at}].sources has {', '.join(missing)}, which no [[data]] is;"
                f" there are {', '.join(sorted(there))}"
            )
    names = [stage.name for stage in recipe.stages]
    if len(set(names)) < len(names):
        raise RecipeError(f"stages must have different names, not {names}")


def _check_name(name: str, known: Iterable[str], *, key: str) -> None:
    if name not in known:
        raise RecipeError(
            f"{key} is {name!r}, which there is not{did_you_mean(name, known)}; there are {', '.join(known)}"
        )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?` for the nearest name, nothing when none is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f'; did you mean "{near[0]}"?' if near else ""


def _joined(key: str, name: str) -> str:
    return f"{key}.{name}" if key and name else key or name
