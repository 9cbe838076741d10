"""Near-duplicates stay together, and a split never cuts a group."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from converter.labels.groups import group_photos, origin_key, split_groups
from converter.labels.photo import Photo, PlateBox


def test_copies_frames_and_equal_plates_stay_together(tmp_path: Path) -> None:
    def photo(number: int, shade: int, origin: str = "", text: str = "") -> Photo:
        path = tmp_path / f"{number}.png"
        picture = Image.effect_noise((64, 64), 90).point(lambda v: (v * shade) % 256)
        picture.save(path)
        return Photo(path, 64, 64, "s", origin, (PlateBox(1, 1, 9, 9, text),))

    copies = [photo(0, 1, "x/a_jpg.rf.0123456789abcdef0123.jpg"), photo(1, 3, "y/a_jpg.rf.fedcba98765432100123.jpg")]
    frames = [photo(2, 5, "v.mp4#t=30.jpg"), photo(3, 7, "v.mp4#t=59.jpg"), photo(4, 9, "v.mp4#t=60.jpg")]
    plates = [photo(5, 11, text="AB123CD"), photo(6, 13, text="AB123CD"), photo(7, 15, text="B1")]
    twin = tmp_path / "twin.png"
    twin.write_bytes(plates[2].path.read_bytes())
    everything = [*copies, *frames, *plates, Photo(twin, 64, 64)]
    groups = [sorted(int(p.path.stem) if p.path.stem.isdigit() else 8 for p in g) for g in group_photos(everything)]
    assert sorted(groups) == [[0, 1], [2, 3], [4], [5, 6], [7, 8]]


def test_a_split_never_cuts_a_group_and_repeats_itself() -> None:
    groups = [[Photo(Path(f"{g}-{i}"), 1, 1) for i in range(1 + g % 4)] for g in range(40)]
    training, validation = split_groups(groups, 0.2, seed=3)
    assert len(validation) >= 0.2 * sum(map(len, groups))
    assert not {p.path.name.split("-")[0] for p in training} & {p.path.name.split("-")[0] for p in validation}
    assert split_groups(groups, 0.2, seed=3) == (training, validation)
    assert split_groups(groups, 0.2, seed=4) != (training, validation)
    assert split_groups(groups, 0.0, seed=3)[1] == []


def test_an_ordinary_file_name_ties_nothing() -> None:
    assert origin_key("uc3m/sample/00026.jpg") == ""
