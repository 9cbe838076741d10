"""Labels in four formats give the same boxes; what cannot be is refused with file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from converter.errors import LabelError, MissingError
from converter.labels.formats import read_coco, read_csv, read_voc, read_yolo
from converter.labels.photo import Photo, load_photo

CORNERS = (20.0, 30.0, 60.0, 40.0)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    Image.new("RGB", (100, 80)).save(tmp_path / "car.jpg")
    return tmp_path


def csv_file(folder: Path, *rows: str, header: str = "file,x1,y1,x2,y2,use,source,origin") -> Path:
    path = folder / "boxes.csv"
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


def voc_file(folder: Path, box: str) -> None:
    xml = f"<annotation><filename>car.jpg</filename><object><bndbox>{box}</bndbox></object></annotation>"
    (folder / "car.xml").write_text(xml)


def coco_file(folder: Path, bbox: list[float], image_id: int = 1) -> Path:
    content = {
        "images": [{"id": 1, "file_name": "car.jpg"}],
        "annotations": [{"image_id": image_id, "bbox": bbox}],
    }
    (folder / "coco.json").write_text(json.dumps(content))
    return folder / "coco.json"


def corners(read: list[Photo]) -> tuple[float, ...]:
    (photo,) = read
    assert (photo.width, photo.height) == (100, 80)
    (box,) = photo.boxes
    return (box.x1, box.y1, box.x2, box.y2)


def test_all_formats_give_the_same_box(photos: Path) -> None:
    assert corners(read_csv(csv_file(photos, "car.jpg,20,30,60,40,train,s,"), photos)) == CORNERS
    voc_file(photos, "<xmin>20</xmin><ymin>30</ymin><xmax>60</xmax><ymax>40</ymax>")
    assert corners(read_voc(photos, photos)) == CORNERS
    (photos / "car.txt").write_text("0 0.4 0.4375 0.4 0.125\n")
    assert corners(read_yolo(photos, photos)) == pytest.approx(CORNERS)
    assert corners(read_coco(coco_file(photos, [20, 30, 40, 10]), photos)) == CORNERS


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("car.jpg,60,30,20,40,,,", "empty or inverted"),
        ("car.jpg,20,30,20,40,,,", "empty or inverted"),
        ("car.jpg,20,30,160,40,,,", "outside of its photo of 100x80"),
        ("car.jpg,nan,30,60,40,,,", "no number"),
        ("car.jpg,inf,30,60,40,,,", "no number"),
        ("car.jpg,a,30,60,40,,,", "x1 is 'a': write a number"),
        ("car.jpg,20,30,60,,,,", "y2 is ''"),
        ("bus.jpg,20,30,60,40,,,", "does not exist"),
    ],
)
def test_a_broken_row_is_named_by_file_and_line(photos: Path, row: str, says: str) -> None:
    path = csv_file(photos, "car.jpg,20,30,60,40,,,", row)
    with pytest.raises(LabelError, match=says) as caught:
        read_csv(path, photos)
    assert str(caught.value).startswith(f"{path}, line 3, ")


def test_other_formats_name_the_place_too(photos: Path) -> None:
    (photos / "car.txt").write_text("0 .4 .4 .4 .1\n0 .4 .4\n")
    with pytest.raises(LabelError, match=r"car\.txt, line 2, 3 fields: write `class cx cy w h`"):
        read_yolo(photos, photos)
    voc_file(photos, "<xmin>20</xmin><ymin>30</ymin><xmax>10</xmax><ymax>40</ymax>")
    with pytest.raises(LabelError, match=r"car\.xml, line 1, .*inverted"):
        read_voc(photos, photos)
    (photos / "car.xml").write_text("<annotation>")
    with pytest.raises(LabelError, match="not well-formed"):
        read_voc(photos, photos)
    with pytest.raises(LabelError, match="names image 7"):
        read_coco(coco_file(photos, [1, 1, 5, 5], image_id=7), photos)
    (photos / "coco.json").write_text("{")
    with pytest.raises(LabelError, match="not JSON"):
        read_coco(photos / "coco.json", photos)


def test_the_line_of_a_voc_object_is_its_own(photos: Path) -> None:
    box = "<bndbox>\n<xmin>20</xmin><ymin>30</ymin>\n<xmax>60</xmax><ymax>{}</ymax></bndbox>"
    objects = "\n".join(f"<object>\n{box.format(ymax)}\n</object>" for ymax in (40, 20))
    (photos / "car.xml").write_text(f"<annotation>\n<filename>car.jpg</filename>\n{objects}\n</annotation>")
    with pytest.raises(LabelError, match=r"car\.xml, line 8, .*inverted"):
        read_voc(photos, photos)


@pytest.mark.parametrize(
    ("images", "annotations", "says"),
    [
        ([{"id": 1}], [], "image 1, .*: give a number as `id` and a `file_name`"),
        ([{"id": "a", "file_name": "car.jpg"}], [], "image 1, .*: give a number as `id`"),
        (["car.jpg"], [], "image 1, .*: give a number as `id`"),
        ([{"id": 1, "file_name": "gone.jpg"}], [], "image 1, the photo .* does not exist: "),
        ({}, [], "write the lists `images` and `annotations`"),
        ([{"id": 1, "file_name": "car.jpg"}], [{"image_id": 1, "bbox": [1, 2, 3]}], "annotation 1, .*: .* a `bbox` of"),
        (
            [{"id": 1, "file_name": "car.jpg"}],
            [{"bbox": [1, 2, 3, 4]}],
            "annotation 1, .*: give a number as `image_id`",
        ),
        ([{"id": 1, "file_name": "car.jpg"}], [{"image_id": 1, "bbox": [1, 2, 900, 4]}], "annotation 1, .* outside"),
    ],
)
def test_a_broken_coco_file_names_what_is_wrong(photos: Path, images: object, annotations: object, says: str) -> None:
    (photos / "coco.json").write_text(json.dumps({"images": images, "annotations": annotations}))
    with pytest.raises(LabelError, match=says):
        read_coco(photos / "coco.json", photos)


def test_a_csv_of_another_encoding_is_named_and_a_byte_order_mark_is_none_of_the_text(photos: Path) -> None:
    path = csv_file(photos, "car.jpg,20,30,60,40,train,s,")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert corners(read_csv(path, photos)) == CORNERS
    path.write_bytes("file,x1,y1,x2,y2\nk\u00e4fer.jpg,1,1,5,5\n".encode("latin-1"))
    with pytest.raises(LabelError, match="not text in UTF-8"):
        read_csv(path, photos)


def test_boxes_are_those_of_the_upright_photo(photos: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (80, 100)).save(photos / "car.jpg", exif=exif)
    read = read_csv(csv_file(photos, "car.jpg,20,30,60,40,,,"), photos)
    assert corners(read) == CORNERS
    assert load_photo(read[0]).shape == (80, 100, 3)


def test_a_box_that_sticks_out_by_rounding_is_clipped(photos: Path) -> None:
    assert corners(read_csv(csv_file(photos, "car.jpg,-1,30,101.5,40,,,"), photos)) == (0.0, 30.0, 100.0, 40.0)


def test_missing_columns_and_empty_folders_are_said(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="x2, y2 are missing"):
        read_csv(csv_file(photos, header="file,x1,y1"), photos)
    with pytest.raises(MissingError, match=r"no \.xml file"):
        read_voc(tmp_path, photos)


def test_a_file_that_is_no_photo_is_named(photos: Path) -> None:
    (photos / "text.jpg").write_text("no photo")
    with pytest.raises(LabelError, match="cannot be read as a picture"):
        read_csv(csv_file(photos, "text.jpg,1,1,5,5,,,"), photos)


def test_only_the_rows_of_one_use_are_read(photos: Path) -> None:
    path = csv_file(photos, "car.jpg,20,30,60,40,train,,", "car.jpg,1,1,9,9,measure,,")
    assert len(read_csv(path, photos)[0].boxes) == 2
    assert corners(read_csv(path, photos, use="train")) == CORNERS
