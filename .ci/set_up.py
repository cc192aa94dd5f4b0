#!/usr/bin/env python3
"""Set this machine up for Understudy: system libraries, a virtual environment in `.venv`, the Python packages.

`make` runs it before anything else. When nothing changed since the last time it compares one small file and ends. It
uses the standard library only, and no syntax newer than Python 3.8, so that an old Python can say that it is too old.

What it did is written to `.venv/set-up` last of all, so that an interrupted set-up is simply done again. With `--tests`
it also installs the system packages that only the tests need.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "set-up"
SYSTEM_PACKAGES = ROOT / ".ci" / "system-packages.txt"
TEST_PACKAGES = ROOT / ".ci" / "test-packages.txt"
TESTS_STAMP = VENV / "set-up-tests"
STOCK_CLIENT = ROOT / ".ci" / "stock-client.txt"
INPUTS = (ROOT / "pyproject.toml", SYSTEM_PACKAGES, STOCK_CLIENT, Path(__file__).resolve())

OLDEST_PYTHON = (3, 11)
PYTHONS = ("python3.11", "python3.12", "python3.13")

NETWORK_SIGNS = (
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "Max retries exceeded",
    "Read timed out",
    "ConnectTimeoutError",
    "(from versions: none)",
)


class SetUpError(Exception):
    """The machine cannot be set up; the message says what is wrong and what to type."""


def main() -> int:
    """Set up what is missing; 0 when everything is there."""
    try:
        wanted = fingerprint()
        if not (STAMP.is_file() and STAMP.read_text() == wanted + interpreter()):
            use_new_enough_python()
            STAMP.unlink(missing_ok=True)
            install_system_packages(SYSTEM_PACKAGES)
            create_environment()
            install_python_packages()
            install_stock_client()
            write_stamp(STAMP, wanted + interpreter())
        if "--tests" in sys.argv[1:]:
            set_up_tests()
    except SetUpError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nset-up: interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def set_up_tests() -> None:
    """Install what only the tests need, unless the list is the one that was installed last."""
    if not TEST_PACKAGES.is_file():
        return
    listed = TEST_PACKAGES.read_text()
    if not (TESTS_STAMP.is_file() and TESTS_STAMP.read_text() == listed):
        install_system_packages(TEST_PACKAGES)
        write_stamp(TESTS_STAMP, listed)


def fingerprint() -> str:
    """Of everything in the repository that the set-up depends on, and its folder: an environment cannot be moved."""
    digest = hashlib.sha256(str(ROOT).encode())
    for path in INPUTS:
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def interpreter() -> str:
    """The Python that the environment stands on; another one, or none, once the system has been upgraded."""
    python = (VENV / "bin" / "python").resolve()
    return f" {python}" if python.exists() else ""


def use_new_enough_python() -> None:
    """Go on under a newer Python when this one is too old and one is installed."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    for name in PYTHONS:
        found = shutil.which(name)
        if found:
            os.execv(found, [found, *sys.argv])
    have = ".".join(map(str, sys.version_info[:2]))
    want = ".".join(map(str, OLDEST_PYTHON))
    raise SetUpError(
        f"{sys.executable} is Python {have}; Understudy needs {want} or later. Install one (Debian 12 and"
        " Ubuntu 24.04 have it) and type: make PYTHON=python3.12 run"
    )


# -- system libraries --------------------------------------------------------------------------------------------------


def install_system_packages(listed: Path) -> None:
    """Install the missing ones of a list of system packages through apt, or say the one command that does it."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-query") is None:
        say(f"not a Debian or Ubuntu: the libraries in {listed.relative_to(ROOT)} must be there already")
        return
    wanted = wanted_packages(listed)
    installed = installed_packages([name for names in wanted for name in names])
    missing = [names for names in wanted if not installed.intersection(names)]
    if not missing:
        return
    prefix = root_prefix()
    if prefix is None:
        names = " ".join(known_name(alternatives) for alternatives in missing)
        raise SetUpError(
            "system libraries are missing, and installing them takes your password. Type this, then the same again:\n\n"
            f"    sudo apt-get update && sudo apt-get install -y --no-install-recommends {names}\n"
        )
    say(f"installing {len(missing)} system packages")
    apt(prefix, ["update"])
    names = [known_name(alternatives) for alternatives in missing]
    apt(prefix, ["install", "-y", "--no-install-recommends", *names])


def wanted_packages(listed: Path) -> list[list[str]]:
    """What the machine needs by a list, each as its alternative names."""
    lines = (line.partition("#")[0].strip() for line in listed.read_text().splitlines())
    wanted = [[name.strip() for name in line.split("|")] for line in lines if line]
    if importlib.util.find_spec("ensurepip") is None:
        # Debian keeps what `python3 -m venv` needs in a package apart.
        wanted.append([f"python3.{sys.version_info[1]}-venv", "python3-venv"])
    return wanted


def installed_packages(names: list[str]) -> set[str]:
    """Those of the names that are installed."""
    query = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *names]
    answer = subprocess.run(query, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    pairs = (line.split() for line in answer.stdout.splitlines())
    return {name for name, status in pairs if status == "installed"}


def root_prefix() -> list[str] | None:
    """What to put before a command to run it as root; None when that takes a password."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None


def known_name(alternatives: list[str]) -> str:
    """The first name that this release's package lists know, or the last when none is known."""
    for name in alternatives[:-1]:
        shown = subprocess.run(["apt-cache", "show", name], capture_output=True, check=False)
        if shown.returncode == 0:
            return name
    return alternatives[-1]


def apt(prefix: list[str], arguments: list[str]) -> None:
    """Run apt-get without questions; its output is shown only when it fails."""
    command = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", *arguments]
    answer = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if answer.returncode:
        tail = "\n".join(answer.stdout.splitlines()[-12:])
        raise SetUpError(
            f"apt-get {arguments[0]} failed ({answer.returncode}):\n{tail}\nCheck the network and try again."
        )


# -- Python packages ---------------------------------------------------------------------------------------------------


def create_environment() -> None:
    """Create `.venv`, or create it anew when what is there does not work."""
    python = VENV / "bin" / "python"
    # A half-made environment without its pyvenv.cfg is the system's Python in disguise, which must be left alone.
    question = (
        f"import pip, sys; sys.exit(sys.version_info < {OLDEST_PYTHON} or sys.prefix == sys.base_prefix)"
    )
    usable = [str(python), "-c", question]
    if python.exists() and subprocess.run(usable, capture_output=True, check=False).returncode == 0:
        return
    say(f"creating {VENV.name} with Python {sys.version.split()[0]}")
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise SetUpError(
            f"{sys.executable} could not create a virtual environment:\n{made.stdout}{made.stderr}"
            f"On Debian and Ubuntu: sudo apt-get install -y python3.{sys.version_info[1]}-venv"
        )


def install_python_packages() -> None:
    """Install this project, editable, with its packages and those of its tests."""
    say("installing the Python packages (about 3.2 GB on disk the first time)")
    pip("--editable", f"{ROOT}[dev]")


def install_stock_client() -> None:
    """Install openpi's own client for the tests, apart: it asks for an older numpy than ours, and works with ours."""
    if STOCK_CLIENT.is_file():
        target = str(VENV / "stock-client")
        pip("--no-deps", "--upgrade", "--target", target, "--requirement", str(STOCK_CLIENT))


def pip(*arguments: str) -> None:
    """Run `pip install` in the environment, showing what it does."""
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
    command += ["--disable-pip-version-check", *arguments]
    lines: list[str] = []
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        for line in running.stdout or ():
            lines.append(line)
            show_progress(line.strip())
    show_progress("")
    if running.returncode == 0:
        return
    if any(sign in line for sign in NETWORK_SIGNS for line in lines):
        reason = next((line.strip() for line in reversed(lines) if line.startswith("ERROR")), "")
        raise SetUpError(
            "the package index does not answer; check the network, pip's index and its proxy, then type the same again."
            f"\nThe last that pip said: {reason}"
        )
    raise SetUpError(f"pip failed ({running.returncode}):\n{''.join(lines[-15:])}")


def show_progress(line: str) -> None:
    """Show what pip does now, on one line that is written over; silent where there is no terminal."""
    if not sys.stderr.isatty():
        return
    width = shutil.get_terminal_size().columns - 3
    if not line:
        sys.stderr.write("\r\033[K")
    elif line.startswith(("Collecting", "Downloading", "Installing", "Building", "Preparing")):
        sys.stderr.write(f"\r\033[K  {line[:width]}")
    sys.stderr.flush()


def write_stamp(stamp: Path, text: str) -> None:
    """Remember that everything is set up: in one step, so that there is never half a stamp."""
    temporary = stamp.with_suffix(".new")
    temporary.write_text(text)
    temporary.replace(stamp)


def say(text: str) -> None:
    """Tell what takes the time."""
    print(f"set-up: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
