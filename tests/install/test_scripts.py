"""Shell and make: they name what exists, and take no engine that does not fit."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def scripts() -> list[Path]:
    """What sets up, builds and proves the project, as far as it is written in shell or make."""
    found = [ROOT / ".ci" / "run", ROOT / "Makefile", ROOT / "Containerfile", ROOT / "MANIFEST.in"]
    for folder in (ROOT / "systemd", ROOT / "tests"):  # converter/checkpoints.sh names paths of the history
        found += [path for suffix in ("sh", "mk") for path in folder.rglob(f"*.{suffix}")]
    return [*found, *ROOT.glob("*/debian/rules"), *ROOT.glob("*/*/debian/rules")]


def test_scripts_name_paths_that_exist() -> None:
    named = re.compile(r"(?<![\w./$}@-])(?:edge|centre|converter|tests|systemd|docs|models)/[\w./-]*\w")
    made = {"edge/cases/storage/schema/900_proof.sql"}  # by unit_root/inside.sh itself
    gone = [
        f"{script.relative_to(ROOT)}: {path}"
        for script in scripts()
        for path in named.findall(script.read_text(encoding="utf-8"))
        if path not in made and not (ROOT / path.removesuffix(".good")).exists()
    ]
    assert gone == []


def test_the_unit_that_the_proof_makes_sick_is_sick() -> None:
    """The proof's roll-back rests on a sed expression that has to find its line."""
    script = (ROOT / "tests" / "install" / "unit_root" / "inside.sh").read_text(encoding="utf-8")
    edits = re.findall(r"^sed '([^']+)' -i\.good (\S+)$", script, re.MULTILINE)
    assert len(edits) == 2
    for expression, file in edits:
        done = subprocess.run(["sed", expression, ROOT / file], capture_output=True, text=True, check=True)
        assert done.stdout != (ROOT / file).read_text(encoding="utf-8"), file


@pytest.mark.parametrize(
    "service", ["systemd/autovelox", "centre/systemd/autovelox-centre", "centre/systemd/autovelox-opener"]
)
def test_a_stop_tells_the_main_process_alone(service: str) -> None:
    """The default ends the workers as well: the unit's last self-check, an entry of its chain, would fail each time."""
    assert "\nKillMode=mixed\n" in (ROOT / f"{service}.service").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("test", "ENGINE=litert"), "leave it out, the other targets need both engines"),
        (("demo", "ENGINE=tesseract"), "ENGINE=tesseract: set it to easyocr or litert"),
    ],
)
def test_make_refuses_an_engine_that_does_not_fit(words: tuple[str, ...], says: str) -> None:
    done = subprocess.run(["make", "--dry-run", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert says in done.stderr


def test_the_small_environment_is_one_of_its_own() -> None:
    words = ["make", "--dry-run", "--always-make", "demo", "ENGINE=litert"]
    made = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "environment.sh .venv-litert unit \n" in made
    assert ".venv-litert/bin/autovelox demo" in made
