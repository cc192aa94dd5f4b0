"""A calibration is written whole or not at all, and leaves everything else in the file as it was."""

from __future__ import annotations

import difflib
import os
import signal
import stat
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from drivers.calibration import Change, Saved, save_profile
from drivers.calibration.save import ProfileChangedError
from drivers.profile import ProfileError, load_profile, profile_path, true_profile

NOW = datetime(2026, 3, 4, 15, 6, 7)  # noqa: DTZ001 - a wall clock's time
SHIPPED = profile_path("aloha-kiwi").read_text(encoding="utf-8")


def change(*key: str | int, old: float | bool = 0, new: float | bool) -> Change:
    return Change(key=key, label="a number", old=old, new=new)


CHANGES = (
    change("arms", "left", "joints", 2, "zero_ticks", old=2048, new=2101),
    change("grippers", "left", "closed_rad", old=-0.62, new=-0.5871),
    change("leaders", "right", "handle", "open_rad", old=0.31, new=0.2944),
    change("base", "inverted", 1, old=False, new=True),
    change("lifts", "main", "inverted", old=False, new=True),
    change("arms", "right", "joints", 0, "zero_ticks", old=2048, new=2048),
)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "mine" / "my-robot.toml"
    path.parent.mkdir()
    path.write_text(SHIPPED, encoding="utf-8")
    return path


def save(source: str | Path, changes: tuple[Change, ...] = CHANGES, **kwargs: Path) -> Saved:
    profiles_dir = kwargs.get("profiles_dir", Path("/nowhere"))
    profile = load_profile(source)
    return save_profile(
        str(source), profile, changes, done=("arm.left", "wheels"), profiles_dir=profiles_dir, now=NOW
    )


def test_only_the_values_change_and_comments_and_order_stay(own: Path) -> None:
    save(own)
    profile = load_profile(own)
    assert profile.arms["left"].joints[2].zero_ticks == 2101
    assert profile.grippers["left"].closed_rad == -0.5871
    assert profile.leaders["right"].handle.open_rad == 0.2944
    assert profile.base is not None
    assert profile.base.inverted == (False, True, False)
    assert profile.lifts["main"].inverted
    assert profile.calibrated == {"arm.left": "2026-03-04", "wheels": "2026-03-04"}
    before, after = SHIPPED.splitlines(), own.read_text(encoding="utf-8").splitlines()
    difference = list(difflib.ndiff(before, after))
    gone = [line for line in difference if line.startswith("- ")]
    assert len(gone) == 3, gone  # an elbow, a gripper's closed angle, a handle: each one line
    new = [line for line in difference if line.startswith("+ ") and line.strip() != "+"]
    assert len(new) == 3 + 2 + 3, new  # two directions that the file left at their default; when it was done
    text = "\n".join(after)
    assert "command_timeout_ms = 200.0\ninverted = [false, true, false]\n\n# A carriage on a belt" in text
    assert "on_connect = false }\ninverted = true\n\n[cameras.front]" in text
    assert "closed_rad = -0.5871  # EDIT: differs from unit to unit" in after


def test_the_old_file_stays_beside_it_and_permissions_are_kept(own: Path) -> None:
    own.chmod(0o640)
    saved = save(own)
    assert saved.path == own
    assert saved.backup == own.with_name("my-robot.20260304-150607.toml")
    assert saved.backup.read_text(encoding="utf-8") == SHIPPED
    assert stat.S_IMODE(own.stat().st_mode) == 0o640
    assert sorted(path.name for path in own.parent.iterdir()) == sorted([own.name, saved.backup.name])
    again = save(own, (change("grippers", "left", "closed_rad", new=-0.5),))
    assert again.backup is not None
    assert again.backup != saved.backup
    assert saved.backup.read_text(encoding="utf-8") == SHIPPED


def test_a_shipped_profile_is_copied_and_never_changed(tmp_path: Path) -> None:
    saved = save("aloha-kiwi", profiles_dir=tmp_path / "profiles")
    assert saved.path == tmp_path / "profiles" / "aloha-kiwi.toml"
    assert saved.backup is None
    assert load_profile(saved.path).arms["left"].joints[2].zero_ticks == 2101
    assert profile_path("aloha-kiwi").read_text(encoding="utf-8") == SHIPPED
    second = save("aloha-kiwi", profiles_dir=tmp_path / "profiles")
    assert second.path.name == "aloha-kiwi-2.toml"


def test_a_copy_of_a_simulated_robot_names_the_one_that_is_true(tmp_path: Path) -> None:
    shift = (change("arms", "left", "joints", 0, "zero_ticks", old=2048, new=2100),)
    saved = save("sim-kitchen", shift, profiles_dir=tmp_path)
    calibrated = load_profile(saved.path)
    assert calibrated.simulation is not None
    assert calibrated.simulation.robot == "sim-kitchen"
    assert calibrated.arms["left"].joints[0].zero_ticks == 2100
    assert true_profile(calibrated).arms["left"].joints[0].zero_ticks == 2048
    # Calibrated once more, in place, it still goes by the same.
    save(saved.path, (change("arms", "left", "joints", 0, "zero_ticks", old=2100, new=2048),))
    assert true_profile(load_profile(saved.path)).name == "sim-kitchen"


def test_a_simulated_file_of_ones_own_goes_on_by_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "sim.toml"
    path.write_bytes(profile_path("sim-kitchen").read_bytes())
    saved = save(path, (change("arms", "left", "joints", 0, "zero_ticks", old=2048, new=2100),))
    true = true_profile(load_profile(saved.path))
    assert true.arms["left"].joints[0].zero_ticks == 2048


def test_a_world_that_goes_by_an_unknown_robot_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    path = tmp_path / "sim.toml"
    text = profile_path("sim-kitchen").read_text(encoding="utf-8")
    path.write_text(text.replace("[simulation]\n", '[simulation]\nrobot = "sim-kitchn"\n'), encoding="utf-8")
    with pytest.raises(ProfileError, match='did you mean "sim-kitchen"'):
        true_profile(load_profile(path))


def test_what_would_be_no_profile_is_refused_before_anything_is_written(own: Path) -> None:
    before = {path.name: path.read_bytes() for path in own.parent.iterdir()}
    with pytest.raises(ProfileError, match="closed_rad"):
        save(own, (*CHANGES, change("grippers", "left", "open_rad", new=-0.587)))
    assert {path.name: path.read_bytes() for path in own.parent.iterdir()} == before


def test_a_file_that_someone_else_has_changed_is_left_alone(own: Path) -> None:
    profile = load_profile(own)
    own.write_text(SHIPPED + "\n# a note\n", encoding="utf-8")
    with pytest.raises(ProfileChangedError, match="changed since"):
        save_profile(str(own), profile, CHANGES, done=(), profiles_dir=own.parent, now=NOW)
    assert own.read_text(encoding="utf-8").endswith("# a note\n")


def test_a_value_of_a_table_with_tables_in_it_goes_into_the_right_one(own: Path) -> None:
    flat = "homing = { speed_m_s = 0.02, stall_current_a = 1.5, stall_s = 0.3, on_connect = false }"
    assert flat in SHIPPED
    own.write_text(SHIPPED.replace(flat, "[lifts.main.homing]\nspeed_m_s = 0.02"), encoding="utf-8")
    save(own, (change("lifts", "main", "inverted", old=False, new=True),))
    assert load_profile(own).lifts["main"].inverted


def test_line_ends_are_kept(own: Path) -> None:
    own.write_bytes(SHIPPED.replace("\n", "\r\n").encode())
    save(own, CHANGES[:2])
    lines = own.read_bytes().split(b"\n")
    assert sum(line.endswith(b"\r") for line in lines[:150]) == 150


def test_a_disk_that_fails_leaves_the_old_file(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(own)
    assert own.read_text(encoding="utf-8") == SHIPPED
    assert [path.name for path in own.parent.iterdir()] == [own.name]


KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
import drivers.calibration.save as save
from drivers.calibration import Change
from drivers.profile import load_profile

replaces = iter(range(9))
rename = Path.replace
def killed(self, target):
    if next(replaces) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(self, target)
Path.replace = killed
change = Change(key=("grippers", "left", "closed_rad"), label="", old=-0.62, new=-0.5)
save.save_profile(sys.argv[1], load_profile(sys.argv[1]), [change], done=(), profiles_dir=Path("/nowhere"),
                  now=datetime(2026, 3, 4))
"""


@pytest.mark.parametrize("at_rename", [0, 1])
def test_killed_between_writing_and_renaming_the_old_profile_is_whole(own: Path, at_rename: int) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, str(own), str(at_rename)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert own.read_text(encoding="utf-8") == SHIPPED
    assert load_profile(own).grippers["left"].closed_rad == -0.62
