"""The demo deletes only what it made: a store of cases, given by mistake, is left as it is."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from edge.config import load
from edge.demo import commands
from edge.demo.setting import MARKER, Setting
from edge.demo.unit import DemoFailed
from edge.errors import EdgeError


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "names",
    [
        ("cases.sqlite", "photos/1.jpg"),
        ("notes.txt",),
        ("enrolled", "state/cases.sqlite"),
        ("registry.sqlite", "master.key"),
        (".bashrc",),
    ],
)
def test_a_folder_that_no_demo_made_is_refused_and_untouched(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("precious")
    before = content(tmp_path)
    with pytest.raises(DemoFailed, match="no demo made") as failed:
        Setting(tmp_path).clear()
    assert "--dir" in failed.value.remedy
    assert content(tmp_path) == before


def test_a_configuration_of_a_real_unit_is_no_demo(tmp_path: Path) -> None:
    (tmp_path / "autovelox.toml").write_text('[unit]\nserial = "AVX-7"\n')
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "cases.sqlite").write_text("precious")
    with pytest.raises(DemoFailed, match="no demo made"):
        Setting(tmp_path).clear()
    assert (tmp_path / "state" / "cases.sqlite").read_text() == "precious"


@pytest.mark.parametrize("marked", [True, False])
def test_an_earlier_demo_is_cleared_marked_or_from_before_marks(tmp_path: Path, marked: bool) -> None:
    setting = Setting(tmp_path / "new" / "demo")
    setting.clear()
    assert (setting.folder / MARKER).is_file()
    if not marked:
        (setting.folder / MARKER).unlink()
    (setting.state_dir / "photos").mkdir(parents=True)
    (setting.folder / "A1.chip.json").write_text("{}")
    setting.clear()
    assert (setting.folder / MARKER).is_file()
    assert not setting.state_dir.exists()
    assert not (setting.folder / "A1.chip.json").exists()


def test_what_somebody_put_beside_a_demo_stays(tmp_path: Path) -> None:
    setting = Setting(tmp_path / "demo")
    setting.clear()
    (setting.folder / "notes.txt").write_text("mine")
    setting.clear()
    assert (setting.folder / "notes.txt").read_text() == "mine"


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file")
    with pytest.raises(EdgeError, match="cannot be used"):
        Setting(tmp_path / "demo").clear()


@pytest.mark.parametrize("folder", ["/proc/nope", "/dev/null/x", "/dev/null", "/proc/self/fdinfo/a/b"])
def test_a_folder_that_cannot_be_made_is_named(folder: str) -> None:
    with pytest.raises(DemoFailed, match="cannot be used") as failed:
        Setting(Path(folder)).clear()
    assert "--dir" in failed.value.remedy


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "demo" / "unit.log").mkdir(parents=True)
    (tmp_path / "demo" / MARKER).touch()
    with pytest.raises(DemoFailed, match="cannot be used"):
        Setting(tmp_path / "demo").clear()
    with pytest.raises(DemoFailed, match="cannot be used"):
        Setting(tmp_path / "a\udc80", manifest=tmp_path / "a\udc80" / "feed.toml").clear()


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\\u0041", "a{b}", "a\nb", "a\x7fb", "caff\u00e8", "a\U0001f697b"])
def test_any_name_of_a_folder_makes_a_configuration_that_loads(tmp_path: Path, name: str) -> None:
    setting = Setting(tmp_path / name, manifest=tmp_path / name / "feed.toml")
    setting.clear()
    assert load(setting.config).camera.manifest == tmp_path / name / "feed.toml"


def test_where_a_case_is_wrong_the_units_own_errors_are_printed(tmp_path: Path) -> None:
    setting = Setting(tmp_path, "litert")
    setting.log.write_text("a INFO b: fine\na ERROR edge.daemon.selfcheck: the self-check failed: no [bold]plate\n")
    out = io.StringIO()
    commands.tell_problems(Console(file=out, width=60), setting)
    assert "no [bold]plate" in out.getvalue()
    assert "fine" not in out.getvalue()
    assert str(setting.log) in out.getvalue()


def test_a_disk_without_room_is_said_before_anything_starts(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("a small disk can be made by root alone")
    try:
        with pytest.raises(DemoFailed, match=r"2 MB are free on the disk of .*/demo, 100 are needed") as failed:
            Setting(disk / "demo").clear()
        assert "--dir" in failed.value.remedy
        assert list((disk / "demo").iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)
