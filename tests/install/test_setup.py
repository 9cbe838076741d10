"""Setting up: the lock belongs to the pins, a machine that lacks something is told what, nothing half made is left."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import needs

ROOT = Path(__file__).resolve().parents[2]
SETUP = ROOT / "systemd" / "setup"
sys.path.insert(0, str(SETUP))
from locked import PARTS, Locked, locked  # noqa: E402
from outdated import normal  # noqa: E402
from pip._vendor.packaging.requirements import Requirement  # noqa: E402

MACHINES = [(machine, python) for machine in ("x86_64", "aarch64") for python in ("3.11", "3.12", "3.13", "3.14")]


def requirements() -> list[Requirement]:
    """Everything that setup.cfg asks for, the tests' packages included."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    extras = setup["options.extras_require"]
    lines = [setup["options"]["install_requires"], extras["easyocr"], extras["centre"], extras["dev"]]
    return [Requirement(line) for text in lines for line in text.splitlines() if line.strip()]


def pins() -> list[Requirement]:
    lines = (line.split("#")[0].strip() for line in (ROOT / "constraints.txt").read_text().splitlines())
    return [Requirement(line) for line in lines if line]


def whole(machine: str, python: str) -> dict[str, Locked]:
    return {name: found for part in PARTS for name, found in locked(part, machine, python).items()}


@pytest.mark.parametrize(("machine", "python"), MACHINES)
def test_the_lock_has_every_requirement_in_its_pinned_version(machine: str, python: str) -> None:
    environment = {"platform_machine": machine, "python_version": python, "extra": ""}
    packages = whole(machine, python)
    pinned = {normal(pin.name): pin for pin in pins() if pin.marker is None or pin.marker.evaluate(environment)}
    for wanted in requirements():
        if wanted.marker is not None and not wanted.marker.evaluate(environment):
            continue
        name = normal(wanted.name)
        assert name in pinned, f"constraints.txt has no {name}: pin it, and say why"
        assert name in packages, f"the lock has no {name}: make lock"
        assert packages[name].version in wanted.specifier
    for name, pin in pinned.items():
        if name in packages:
            assert packages[name].version in pin.specifier, f"{name} was pinned anew: make lock"


@pytest.mark.parametrize(("machine", "python"), MACHINES)
def test_the_centres_package_has_all_that_its_configuration_may_ask_for(machine: str, python: str) -> None:
    packages = {**locked("unit", machine, python), **locked("centre", machine, python)}
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    for extra in ("centre", "mqtt", "pkcs11", "timestamp"):
        for line in setup["options.extras_require"][extra].strip().splitlines():
            assert normal(Requirement(line).name) in packages, f"[{extra}]"


@pytest.mark.parametrize(("machine", "python"), MACHINES)
def test_every_package_is_bound_by_hashes(machine: str, python: str) -> None:
    for name, package in whole(machine, python).items():
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", package.line), name


def test_a_board_gets_no_cuda_and_the_customers_runtime() -> None:
    board = whole("aarch64", "3.11")
    assert not [name for name in board if name.startswith(("nvidia", "cuda", "triton"))]
    assert board["torch"].version == "2.9.1"
    assert board["tflite-runtime"].version == "2.14.0"
    assert board["numpy"].version.startswith("1.26")
    assert "tflite-runtime" not in whole("aarch64", "3.13")


def test_one_list_of_debians_packages() -> None:
    start = subprocess.run([SETUP / "preflight.sh", "--packages", "start"], capture_output=True, text=True, check=True)
    assert f"\nsudo apt install {start.stdout.strip()}\n" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "systemd/setup/preflight.sh --packages tests" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert {"openssh-server", "openssh-client", "xvfb"} <= set(needs.apt_line().split())


def test_notice_names_every_library_of_a_unit() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for machine, python in MACHINES:
        for name in {**locked("unit", machine, python), **locked("easyocr", machine, python)}:
            assert re.search(rf"\b{re.escape(name)}\b", notice), name


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of programs that is the whole PATH of a machine; its python3 is told what to lack."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "sed", "tr", "awk", "df", "dirname"):
        (programs / name).symlink_to(str(shutil.which(name)))
    return programs


def python3(programs: Path, lacks: str = "nothing", answers: str = "") -> None:
    """A python3 that fails where its program mentions *lacks*, and prints *answers* when asked for its processor."""
    script = f"""#!/bin/sh
case "$*" in
    *"{lacks}"*) exit 1 ;;
    *platform.machine*) [ -z "{answers}" ] || {{ echo "{answers}"; exit; }} ;;
esac
exec {sys.executable} "$@"
"""
    (programs / "python3").write_text(script)
    (programs / "python3").chmod(0o755)


def preflight(programs: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [programs / "sh", SETUP / "preflight.sh"],
        env={"PATH": str(programs), "DISK_MB": "1", **environment},  # /tmp may be small
        cwd=programs,
        capture_output=True,
        text=True,
        check=False,
    )


APT = "sudo apt install git make python3-venv python3-tk"


def test_a_whole_machine_is_told_nothing(machine: Path) -> None:
    python3(machine, lacks="tkinter" if needs.lacking(("_tkinter",)) else "nothing")
    done = preflight(machine)
    assert (done.returncode, done.stdout) == (0, "python3\n")


@pytest.mark.parametrize(
    ("lacks", "answers", "says"),
    [
        (
            "(3, 11) <=",
            "",
            f"Python 3.11, 3.12, 3.13 or 3.14 is needed, but python3 is Python {sys.version.split()[0]}",
        ),
        ("ensurepip", "", f"python3 cannot make virtual environments yet:\nmake:   {APT}\n"),
        ("nothing", "aarch64 False", "this is a 32-bit system"),
        ("nothing", "riscv64 True", "neither x86_64 nor aarch64"),
        ("musl", "", "C library is musl"),
    ],
)
def test_what_is_missing_is_said_with_its_remedy(machine: Path, lacks: str, answers: str, says: str) -> None:
    python3(machine, lacks, answers)
    done = preflight(machine)
    assert done.returncode == 1
    assert done.stdout == ""
    assert says in done.stderr


def test_no_python_at_all_names_the_packages(machine: Path) -> None:
    done = preflight(machine)
    assert done.returncode == 1
    assert "python3 is missing" in done.stderr
    assert APT in done.stderr


def test_a_full_disk_is_noticed_before(machine: Path) -> None:
    python3(machine)
    done = preflight(machine, DISK_MB="999999999")
    assert done.returncode == 1
    assert "999999999 are needed: make room" in done.stderr


def test_without_tk_it_goes_on_and_says_what_is_left_out(machine: Path) -> None:
    python3(machine, lacks="tkinter")
    done = preflight(machine)
    assert (done.returncode, done.stdout) == (0, "python3\n")
    assert "its tests are left out: sudo apt install" in done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that has nothing but what sets it up."""
    shutil.copytree(SETUP, tmp_path / "checkout" / "systemd" / "setup")
    (tmp_path / "no-wheels").mkdir()
    return tmp_path / "checkout"


def set_up(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [checkout / "systemd" / "setup" / "environment.sh", ".venv", "unit"],
        env={
            **os.environ,
            "PYTHON": sys.executable,
            "WHEELS": str(checkout.parent / "no-wheels"),
            "DISK_MB": "1",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("before", ["nothing", "killed", "without pip", "without Python"])
def test_an_attempt_that_fails_leaves_nothing(checkout: Path, before: str) -> None:
    if before == "killed":
        subprocess.run([sys.executable, "-m", "venv", checkout / ".venv"], check=True)
        (checkout / ".venv" / ".making").touch()
    elif before == "without pip":
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", checkout / ".venv"], check=True)
    elif before == "without Python":
        (checkout / ".venv" / "bin").mkdir(parents=True)
    done = set_up(checkout)
    assert done.returncode != 0
    assert "holds no wheels: give the folder they lie in" in done.stderr
    assert not (checkout / ".venv").exists()
    assert list((checkout / "build").iterdir()) == []


def test_an_environment_that_works_is_kept_when_its_renewal_fails(checkout: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", checkout / ".venv"], check=True)
    assert set_up(checkout).returncode != 0
    assert (checkout / ".venv" / "bin" / "pip").exists()


def test_without_tk_the_viewers_tests_are_left_out_and_the_others_run(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['_tkinter'] = None\n")
    others = [
        folder for folder in (ROOT / "tests").iterdir() if folder.is_dir() and folder.name not in ("edge", "support")
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests"]
        + [f"--ignore={folder}" for folder in others],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tests/edge/link/" in done.stdout
    assert "tests/edge/viewer/" not in done.stdout
    lines = done.stdout.splitlines()
    assert "Left out: the viewer (no tkinter)" in lines
    assert lines.count(f"To have them: {needs.apt_line()}") == 1


def test_released_checkpoints_are_checked(tmp_path: Path) -> None:
    damaged = tmp_path / "autovelox-checkpoints.tar.gz"
    (tmp_path / "network").mkdir()
    (tmp_path / "network" / "checkpoint").write_text("another")
    subprocess.run(["tar", "-czf", damaged, "-C", tmp_path, "network"], check=True)
    done = subprocess.run(
        [ROOT / "converter" / "checkpoints.sh", "get", tmp_path / "out"],
        env={**os.environ, "CHECKPOINTS": str(damaged)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "not the files that were released" in done.stderr
    assert not (tmp_path / "out").exists()
