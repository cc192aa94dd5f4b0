"""The set-up that `make` runs first: done once, done again when something changed, never half done."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

CI = Path(__file__).parents[1] / ".ci"

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "probe"
version = "1"

[project.optional-dependencies]
dev = []
"""

BACKEND = '''
"""The least that pip can install: an empty wheel, made without the network."""
import zipfile

METADATA = "Metadata-Version: 2.1\\nName: probe\\nVersion: 1\\nProvides-Extra: dev\\n" + REQUIRES
WHEEL = "Wheel-Version: 1.0\\nGenerator: probe\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"

def build_editable(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{folder}/probe-1-py3-none-any.whl", "w") as wheel:
        for name, text in {"METADATA": METADATA, "WHEEL": WHEEL, "RECORD": ""}.items():
            wheel.writestr(f"probe-1.dist-info/{name}", text)
    return "probe-1-py3-none-any.whl"
'''


class Project:
    """A folder with our set-up and a project that needs nothing."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.stamp = root / ".venv" / "set-up"
        (root / ".ci").mkdir()
        self.reset()

    def reset(self) -> None:
        """Put everything back but the environment, which takes seconds to make."""
        shutil.copy(CI / "set_up.py", self.root / ".ci")
        (self.root / ".ci" / "system-packages.txt").write_text("# none\n")
        (self.root / "pyproject.toml").write_text(PYPROJECT)
        self.write_backend()
        self.stamp.unlink(missing_ok=True)

    def write_backend(self, *, before: str = "", requires: str = "") -> None:
        """Let the project be installed by way of these lines, with these requirements."""
        (self.root / "backend.py").write_text(f"{before}\nREQUIRES = {requires!r}\n{BACKEND}")

    def set_up(self) -> subprocess.CompletedProcess[str]:
        """Run the set-up, with a package index that nobody answers for."""
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.root),
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
            "PIP_RETRIES": "0",
        }
        command = [sys.executable, str(self.root / ".ci" / "set_up.py")]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=50
        )


@pytest.fixture(scope="module")
def _project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("project"))


@pytest.fixture
def project(_project: Project) -> Project:
    _project.reset()
    return _project


@pytest.fixture
def module(project: Project) -> ModuleType:
    """The set-up as a module, to look at the parts that would need another machine."""
    spec = importlib.util.spec_from_file_location("set_up", project.root / ".ci" / "set_up.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(project.root / ".ci" / "set_up.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_an_interrupted_set_up_is_done_again(project: Project) -> None:
    shutil.rmtree(project.root / ".venv", ignore_errors=True)
    (project.root / ".venv" / "bin").mkdir(parents=True)
    (project.root / ".venv" / "bin" / "python").symlink_to(sys.executable)
    project.write_backend(before="raise SystemExit('killed')")
    failed = project.set_up()
    assert "creating .venv" in failed.stderr
    assert failed.returncode == 1
    assert "pip failed" in failed.stderr
    assert not project.stamp.exists()

    project.write_backend()
    assert project.set_up().returncode == 0
    assert project.stamp.exists()


def test_sets_up_once_and_again_only_when_something_changed(project: Project) -> None:
    first = project.set_up()
    assert first.returncode == 0, first.stderr
    done = project.stamp.read_text()

    second = project.set_up()
    assert (second.returncode, second.stderr) == (0, "")

    (project.root / "pyproject.toml").write_text(PYPROJECT + "\n# changed\n")
    third = project.set_up()
    assert "installing" in third.stderr
    assert project.stamp.read_text() != done


def test_an_upgraded_python_gets_an_environment_of_its_own(project: Project) -> None:
    assert project.set_up().returncode == 0
    python = project.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/usr/bin/python3.8-that-was-removed")
    again = project.set_up()
    assert again.returncode == 0, again.stderr
    assert "creating .venv" in again.stderr
    assert python.exists()


def test_says_that_the_network_is_missing(project: Project) -> None:
    project.write_backend(requires="Requires-Dist: a-package-that-is-not-here\n")
    ended = project.set_up()
    assert ended.returncode == 1
    assert "check the network" in ended.stderr
    assert not project.stamp.exists()


def test_says_that_python_is_too_old(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.sys, "version_info", (3, 9, 2, "final", 0))
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    with pytest.raises(module.SetUpError, match=r"is Python 3\.9; Understudy needs 3\.11 or later"):
        module.use_new_enough_python()


def test_prints_the_one_command_where_apt_needs_a_password(
    module: ModuleType, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    module.SYSTEM_PACKAGES.write_text("no-such-lib1  # a reason\nlib-new2 | lib-old2  # two names\n")
    monkeypatch.setattr(module.shutil, "which", lambda name: None if name == "sudo" else f"/usr/bin/{name}")
    monkeypatch.setattr(module.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(module, "installed_packages", lambda names: set())
    monkeypatch.setattr(module, "known_name", lambda alternatives: alternatives[-1])
    with pytest.raises(module.SetUpError) as error:
        module.install_system_packages(module.SYSTEM_PACKAGES)
    assert "sudo apt-get update && sudo apt-get install -y --no-install-recommends" in str(error.value)
    assert "no-such-lib1 lib-old2" in str(error.value)


def test_either_name_of_a_package_will_do(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    module.SYSTEM_PACKAGES.write_text("lib-new2 | lib-old2  # two names\n")
    monkeypatch.setattr(module.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(module, "installed_packages", lambda names: {"lib-old2"} & set(names))
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: object())

    def refuse(*arguments: object) -> None:
        raise AssertionError(f"apt was asked for {arguments}")

    monkeypatch.setattr(module, "apt", refuse)
    module.install_system_packages(module.SYSTEM_PACKAGES)


def test_every_system_package_has_a_reason() -> None:
    lines = [line for line in (CI / "system-packages.txt").read_text().splitlines() if line.strip()]
    packages = [line for line in lines if not line.startswith("#")]
    assert packages
    assert all(line.partition("#")[2].strip() for line in packages)


def test_openpis_client_is_installed_apart(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks for an older numpy than ours, and must not get it."""
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(module, "pip", lambda *arguments: asked.append(arguments))
    monkeypatch.setattr(module, "STOCK_CLIENT", tmp_path / "stock-client.txt")
    module.install_stock_client()
    assert not asked
    (tmp_path / "stock-client.txt").write_text((CI / "stock-client.txt").read_text())
    module.install_stock_client()
    assert {"--no-deps", "--target", str(module.VENV / "stock-client")} < set(asked[0])


def test_every_package_of_the_stock_client_is_pinned() -> None:
    lines = [line.partition("#")[0].strip() for line in (CI / "stock-client.txt").read_text().splitlines()]
    assert all("==" in line for line in lines if line)
