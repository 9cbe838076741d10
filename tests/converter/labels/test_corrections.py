"""Corrections by eye: what they change, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from converter.errors import LabelError
from converter.labels.corrections import apply_corrections
from converter.labels.photo import Photo, PlateBox

CORNERS = (20.0, 30.0, 60.0, 40.0)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    Image.new("RGB", (100, 80)).save(tmp_path / "car.jpg")
    return tmp_path


def corrections(folder: Path, *rows: str) -> Path:
    path = folder / "fix.csv"
    path.write_text("\n".join(("file,box_index,text,quality,x1,y1,x2,y2,note", *rows)) + "\n")
    return path


def test_corrections_move_add_drop_and_leave_boxes(photos: Path) -> None:
    boxes = (PlateBox(*CORNERS), PlateBox(1, 1, 9, 9), PlateBox(70, 70, 80, 75))
    photo = Photo(photos / "car.jpg", 100, 80, boxes=boxes)
    path = corrections(
        photos,
        "car.jpg,0,AB12,good,21,31,61,41,",
        "car.jpg,1,,not_a_plate,,,,,",
        "car.jpg,2,,ignore,,,,,",
        "car.jpg,new,ZZ9,good,50,50,60,55,seen behind",
        "car.jpg,new,,ignore,5,5,15,10,the public labels leave it out",
        "other.jpg,0,,good,1,1,2,2,not in this set",
    )
    (fixed,) = apply_corrections([photo], path)
    assert fixed.boxes == (
        PlateBox(21, 31, 61, 41, "AB12"),
        PlateBox(70, 70, 80, 75, ignore=True),
        PlateBox(50, 50, 60, 55, "ZZ9"),
        PlateBox(5, 5, 15, 10, ignore=True),
    )


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("car.jpg,5,,good,,,,,", "has no box '5'"),
        ("car.jpg,0,,good,1,2,,,", "all four corners"),
        ("car.jpg,new,,good,,,,,", "write its four corners"),
        ("car.jpg,0,,good,9,9,5,5,", "inverted"),
    ],
)
def test_a_broken_correction_is_refused(photos: Path, row: str, says: str) -> None:
    photo = Photo(photos / "car.jpg", 100, 80, boxes=(PlateBox(*CORNERS),))
    with pytest.raises(LabelError, match=says):
        apply_corrections([photo], corrections(photos, row))


def test_corrections_tell_photos_of_one_name_by_their_folders(photos: Path) -> None:
    first, second = (Photo(photos / place / "1.jpg", 100, 80, boxes=(PlateBox(*CORNERS),)) for place in "ab")
    moved = PlateBox(21, 31, 61, 41)
    fixed = apply_corrections([first, second], corrections(photos, "b/1.jpg,0,,good,21,31,61,41,"))
    assert [photo.boxes for photo in fixed] == [first.boxes, (moved,)]
    assert apply_corrections([first, second], corrections(photos, "c/1.jpg,0,,good,21,31,61,41,")) == [first, second]
    with pytest.raises(LabelError, match=r"line 2, 1\.jpg names 2 photos: write their folder"):
        apply_corrections([first, second], corrections(photos, "1.jpg,0,,good,21,31,61,41,"))


def test_corrections_without_a_column_say_which(photos: Path) -> None:
    (photos / "fix.csv").write_text("file,text\ncar.jpg,AB\n")
    with pytest.raises(LabelError, match="box_index are missing"):
        apply_corrections([], photos / "fix.csv")
